import { parentPort } from 'node:worker_threads';
import { assert, RunningDigest, type DigestKind } from '@ptychofleet/base';
import type { Digested } from '@ptychofleet/wire';

/** Computes digests, so that tens of megabytes of weights do not hold up the thread that answers the coordinator. */
assert(parentPort !== null, 'a loader is a thread');
const port = parentPort;
port.on('message', ({ bytes, kind }: { readonly bytes: Uint8Array; readonly kind: DigestKind }) => {
  const running = new RunningDigest(kind);
  running.update(bytes);
  const digested: Digested = { bytes, digest: running.finish() };
  port.postMessage(digested, [bytes.buffer as ArrayBuffer]);
});
