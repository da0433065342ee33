import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Digest } from '@ptychofleet/base';

/** A millisecond or so. */
const bytesAtOnce = 1 << 20;

/**
 * SHA-256 of many bytes without holding up the event loop; they must not change meanwhile. In turns on this thread: handing
 * them to another one would copy them first, and that takes longer than a turn.
 */
export async function hashInBackground(bytes: Uint8Array): Promise<Uint8Array> {
  const hash = createHash('sha256');
  for (let start = 0; start < bytes.length; start += bytesAtOnce) {
    hash.update(bytes.subarray(start, start + bytesAtOnce));
    await setImmediate();
  }
  return hash.digest();
}

/** Their name. */
export async function digestInBackground(bytes: Uint8Array): Promise<Digest> {
  return `sha256:${Buffer.from(await hashInBackground(bytes)).toString('hex')}`;
}
