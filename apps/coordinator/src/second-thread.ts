import { receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { doItems, type Shared } from './shared-items.ts';

/** Helps the coordinator's thread with slabs, and sleeps in between without an event loop: it is back in microseconds. */
const { port, posted } = workerData as { readonly port: MessagePort; readonly posted: Int32Array };
const place = 1;

for (;;) {
  const seen = Atomics.load(posted, 0);
  for (;;) {
    const received = receiveMessageOnPort(port) as { readonly message: Shared } | undefined;
    if (received === undefined) break;
    doItems(received.message, place);
  }
  Atomics.wait(posted, 0, seen);
}
