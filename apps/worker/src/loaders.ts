import { Worker } from 'node:worker_threads';
import { assert, type DigestKind } from '@ptychofleet/base';
import type { Digested } from '@ptychofleet/wire';

interface Job {
  readonly bytes: Uint8Array;
  readonly kind: DigestKind;
  readonly done: (digested: Digested) => void;
  readonly failed: (error: Error) => void;
}

const idleMs = 1000;

/** Threads that check what was fetched. They start when there is work for them. */
export class Loaders {
  readonly #count: number;
  readonly #keep: boolean;
  readonly #url: URL;
  readonly #waiting: Job[] = [];
  readonly #idle: Loader[] = [];
  readonly #threads = new Set<Loader>();
  #started = 0;

  /** @param keep leaves threads alive that have nothing to do */
  constructor(count: number, keep: boolean, url = new URL('./loader-thread.js', import.meta.url)) {
    assert(count > 0, 'without loaders nothing is handed to them');
    this.#count = count;
    this.#keep = keep;
    this.#url = url;
  }

  /** Threads started so far, and those that live now. */
  get counts(): { readonly started: number; readonly alive: number } {
    return { started: this.#started, alive: this.#threads.size };
  }

  /** The bytes move to a loader and back: the array handed in is empty afterwards. */
  readonly digest = (bytes: Uint8Array, kind: DigestKind): Promise<Digested> =>
    new Promise((done, failed) => {
      this.#waiting.push({ bytes, kind, done, failed });
      this.#next();
    });

  async stop(): Promise<void> {
    await Promise.all([...this.#threads].map((loader) => loader.end()));
  }

  #next(): void {
    while (this.#waiting.length > 0) {
      const loader = this.#idle.pop() ?? (this.#threads.size < this.#count ? this.#start() : undefined);
      if (loader === undefined) return;
      loader.take(this.#waiting.shift() as Job);
    }
  }

  #start(): Loader {
    this.#started += 1;
    const loader = new Loader(this.#url, this.#keep, {
      free: () => {
        this.#idle.push(loader);
        this.#next();
      },
      gone: () => {
        this.#threads.delete(loader);
        const place = this.#idle.indexOf(loader);
        if (place >= 0) this.#idle.splice(place, 1);
        this.#next();
      },
    });
    this.#threads.add(loader);
    return loader;
  }
}

class Loader {
  readonly #thread: Worker;
  readonly #keep: boolean;
  #job: Job | null = null;
  #leaving: NodeJS.Timeout | undefined;

  constructor(url: URL, keep: boolean, tell: { readonly free: () => void; readonly gone: () => void }) {
    // Compiled code alone: flags by which this process reads sources are not for it.
    this.#thread = new Worker(url, { execArgv: [] });
    this.#keep = keep;
    this.#thread.on('message', (digested: Digested) => {
      this.#job?.done(digested);
      this.#job = null;
      if (!this.#keep) this.#leaving = setTimeout(() => void this.end(), idleMs);
      tell.free();
    });
    const broken = (error: Error): void => {
      this.#job?.failed(error);
      this.#job = null;
    };
    this.#thread.on('error', broken);
    this.#thread.on('exit', (code) => {
      broken(new Error(`a loader ended with code ${code}`));
      tell.gone();
    });
    // What it holds keeps the process alive, not the thread itself.
    this.#thread.unref();
  }

  take(job: Job): void {
    clearTimeout(this.#leaving);
    this.#job = job;
    const { bytes, kind } = job;
    this.#thread.postMessage({ bytes, kind }, [bytes.buffer as ArrayBuffer]);
  }

  async end(): Promise<void> {
    clearTimeout(this.#leaving);
    await this.#thread.terminate();
  }
}
