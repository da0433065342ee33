import { webcrypto } from 'node:crypto';
import type { Digest } from '@ptychofleet/base';

/** The digest of many bytes without holding up the event loop; they must not change meanwhile. */
export async function digestInBackground(bytes: Uint8Array): Promise<Digest> {
  const hash = await webcrypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return `sha256:${Buffer.from(hash).toString('hex')}`;
}
