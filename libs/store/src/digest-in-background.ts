import { setImmediate } from 'node:timers/promises';
import { RunningDigest, type Digest } from '@ptychofleet/base';

/** A millisecond or so. */
const bytesAtOnce = 1 << 20;

/**
 * Takes the digest of many bytes further without holding up the event loop; they must not change meanwhile. In turns on this thread:
 * handing them to another one would copy them first, and that takes longer than a turn.
 */
export async function updateInBackground(running: RunningDigest, bytes: Uint8Array): Promise<void> {
  for (let start = 0; start < bytes.length; start += bytesAtOnce) {
    running.update(bytes.subarray(start, start + bytesAtOnce));
    await setImmediate();
  }
}

export async function digestInBackground(bytes: Uint8Array): Promise<Digest> {
  const running = new RunningDigest('sha256');
  await updateInBackground(running, bytes);
  return running.finish();
}
