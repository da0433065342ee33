import { parentPort } from 'node:worker_threads';
import { assert, digestOf } from '@ptychofleet/base';
import type { Digested } from '@ptychofleet/wire';

/** Computes digests, so that tens of megabytes of weights do not hold up the thread that answers the coordinator. */
assert(parentPort !== null, 'a loader is a thread');
const port = parentPort;
port.on('message', (bytes: Uint8Array) => {
  const digested: Digested = { bytes, digest: digestOf(bytes) };
  port.postMessage(digested, [bytes.buffer as ArrayBuffer]);
});
