import { webcrypto } from 'node:crypto';
import type { Digest } from '@ptychofleet/base';

/** SHA-256 of many bytes without holding up the event loop; they must not change meanwhile. */
export async function hashInBackground(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await webcrypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
}

/** Their name. */
export async function digestInBackground(bytes: Uint8Array): Promise<Digest> {
  return `sha256:${Buffer.from(await hashInBackground(bytes)).toString('hex')}`;
}
