import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { assert } from '@ptychofleet/base';
import { isShared, itemsOf, ownHands, type Hands, type SlabWork } from '@ptychofleet/params';
import { doItems, type Shared } from './shared-items.ts';

/** Fewer items are done before another thread has woken up. */
const itemsMin = 4;
/** An item takes a millisecond at most; whoever has stopped this process may have stopped it in a wait, so one alone says nothing. */
const patienceMs = 15_000;
const patienceMax = 4;

/**
 * This thread and a second one do slab work together: each takes the next item until none is left. Where the second gets no core,
 * this one does nearly all of it. While workers compute, there is none to spare; when they wait for new weights, theirs are idle.
 */
export class TwoThreads implements Hands {
  readonly #url: URL;
  /** Counts what has been posted: the second thread sleeps until it changes. */
  readonly #posted = new Int32Array(new SharedArrayBuffer(4));
  #port: MessagePort | null = null;
  #thread: Worker | null = null;

  /** @param url of the compiled second thread */
  constructor(url = new URL('./second-thread.js', import.meta.url)) {
    this.#url = url;
  }

  work(work: SlabWork): void {
    const items = itemsOf(work);
    if (items < itemsMin || !isShared(work)) return ownHands.work(work);
    const shared: Shared = { work, progress: new Int32Array(new SharedArrayBuffer(8)) };
    this.#post(shared);
    doItems(shared, 0);
    this.#awaitLast(shared.progress, items);
  }

  /** The one that the second thread may have in hand. */
  #awaitLast(progress: Int32Array, items: number): void {
    for (let patience = patienceMax; ;) {
      const done = Atomics.load(progress, 1);
      if (done === items) return;
      if (Atomics.wait(progress, 1, done, patienceMs) === 'timed-out') patience -= 1;
      assert(patience > 0, 'the second thread ends what it began');
    }
  }

  async stop(): Promise<void> {
    await this.#thread?.terminate();
    this.#port?.close();
  }

  #post(shared: Shared): void {
    this.#port ??= this.#start();
    this.#port.postMessage(shared);
    Atomics.add(this.#posted, 0, 1);
    Atomics.notify(this.#posted, 0);
  }

  /** With the first work: a coordinator that only waits for runs has one thread. */
  #start(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    const workerData = { port: port2, posted: this.#posted };
    this.#thread = new Worker(this.#url, { workerData, transferList: [port2], execArgv: [] });
    this.#thread.unref();
    port1.unref();
    return port1;
  }
}
