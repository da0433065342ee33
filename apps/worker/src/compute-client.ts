import { Worker } from 'node:worker_threads';
import { Fault, messageOf, type ContentDigest, type Logger } from '@ptychofleet/base';
import type { NumericsPassport } from '@ptychofleet/compute';
import type { ComingContent, SpareMemory } from '@ptychofleet/wire';
import { KeptContent } from './kept-content.ts';
import type { ComputeData, ComputeResult, ComputeTask, FromCompute, ToCompute } from './compute-messages.ts';

/** What a bulk source must do: content by digest. */
export interface BlobSource {
  /** @param spare where the bytes may lie */
  pull(digest: ContentDigest, spare?: SpareMemory): Promise<Uint8Array>;
  /** What replaces that content, as soon as it does; null where nobody tells. */
  next(digest: ContentDigest): Promise<ComingContent | null>;
}

// The present step's, and those of a run interleaved with it.
const weightsKept = 3;
const scansKept = 4;

/** The main thread's side of the compute thread: brings scans and weights there before the task that needs them. */
export class ComputeClient {
  readonly numerics: Promise<NumericsPassport>;
  /** Rejects when the thread dies: the worker process is of no use then. */
  readonly died: Promise<never>;
  readonly #thread: Worker;
  readonly #waiting = new Map<
    number,
    { resolve: (result: ComputeResult) => void; reject: (error: Error) => void }
  >();
  readonly #scans: KeptContent;
  readonly #weights: KeptContent;
  /** Memory of weights that nobody needs any more: fresh memory of that size is what fetching would wait for. */
  #spare: ArrayBuffer | null = null;
  #nextId = 1;
  readonly #lives = new Int32Array(new SharedArrayBuffer(4));

  constructor({ logger }: { readonly logger: Logger }) {
    const workerData: ComputeData = { lives: this.#lives };
    this.#thread = new Worker(new URL('./compute-thread.js', import.meta.url), { workerData });
    const forget = (digest: ContentDigest): void => this.#send({ type: 'forget', digest });
    this.#scans = new KeptContent(scansKept, forget);
    this.#weights = new KeptContent(weightsKept, forget);
    let ready: (numerics: NumericsPassport) => void;
    this.numerics = new Promise((resolve) => (ready = resolve));
    this.died = new Promise((_, reject) => {
      this.#thread.once('error', (error) => {
        reject(new Fault('run-failed', `the compute thread died: ${messageOf(error)}`));
      });
      this.#thread.once('exit', (code) => {
        reject(new Fault('run-failed', `the compute thread ended with code ${code}`));
      });
    });
    // Not a race per task: each would hang its result on this promise for the life of the worker.
    this.died.catch((error: unknown) => {
      for (const { reject } of this.#waiting.values()) reject(error as Error);
      this.#waiting.clear();
    });
    this.#thread.on('message', (message: FromCompute) => {
      if (message.type === 'ready') return ready(message.numerics);
      if (message.type === 'spare') return void (this.#spare = message.memory);
      if (message.type === 'note') return logger.info({}, message.text);
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.type === 'result') waiting?.resolve(message.result);
      else waiting?.reject(new Fault('run-failed', message.reason));
    });
  }

  /** @param ready is called when all that the task needs is there */
  async run(task: ComputeTask, source: BlobSource, ready = (): void => undefined): Promise<ComputeResult> {
    const life = Atomics.load(this.#lives, 0);
    const scan = this.#scans.take(task.scanDigest, () => this.#bringScan(task.scanDigest, source));
    const { weightsDigest } = task;
    const weights = this.#weights.take(weightsDigest, () =>
      this.#bringWeights(weightsDigest, source.pull(weightsDigest, this.#takeSpare)),
    );
    try {
      await Promise.all([scan.there, weights.there]);
      ready();
      const id = this.#nextId++;
      const result = new Promise<ComputeResult>((resolve, reject) =>
        this.#waiting.set(id, { resolve, reject }),
      );
      // The thread takes messages in their order: what is forgotten from here on is forgotten after the task.
      this.#send({ type: 'task', id, life, task });
      return result;
    } finally {
      scan.release();
      weights.release();
    }
  }

  /** Brings the weights that replace these as soon as the coordinator has them: while the task that needs them is still on its way. */
  foresee(digest: ContentDigest, source: BlobSource): Promise<void> {
    return this.#weights.foresee(
      digest,
      () => source.next(digest),
      (next) => this.#bringWeights(next.digest, next.receive(this.#takeSpare)),
    );
  }

  /** The session is over: what it has given and what has not been begun is not computed, so that the next one need not wait for it. */
  abandon(): void {
    Atomics.add(this.#lives, 0, 1);
  }

  async stop(): Promise<void> {
    await this.#thread.terminate();
  }

  async #bringScan(digest: ContentDigest, source: BlobSource): Promise<void> {
    const bytes = await source.pull(digest);
    this.#send({ type: 'scan', digest, bytes }, [bytes.buffer as ArrayBuffer]);
  }

  async #bringWeights(digest: ContentDigest, coming: Promise<Uint8Array>): Promise<void> {
    const bytes = await coming;
    const slab = new Float32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / 4);
    this.#send({ type: 'weights', digest, slab }, [slab.buffer as ArrayBuffer]);
  }

  readonly #takeSpare = (bytes: number): Uint8Array | undefined => {
    if (this.#spare?.byteLength !== bytes) return undefined;
    const memory = new Uint8Array(this.#spare);
    this.#spare = null;
    return memory;
  };

  #send(message: ToCompute, transfer: ArrayBuffer[] = []): void {
    this.#thread.postMessage(message, transfer);
  }
}
