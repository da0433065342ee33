import { Worker } from 'node:worker_threads';
import { Fault, messageOf, type ContentDigest, type Logger } from '@ptychofleet/base';
import type { NumericsPassport } from '@ptychofleet/compute';
import type { SpareMemory } from '@ptychofleet/wire';
import type { ComputeResult, ComputeTask, FromCompute, ToCompute } from './compute-messages.ts';

/** What a bulk source must do: content by digest. */
export interface BlobSource {
  /** @param spare where the bytes may lie */
  pull(digest: ContentDigest, spare?: SpareMemory): Promise<Uint8Array>;
}

// The present step's, and those of a run interleaved with it.
const weightsKept = 4;
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
  readonly #scans = new Map<ContentDigest, Promise<void>>();
  readonly #weights = new Map<ContentDigest, Promise<void>>();
  /** Memory of weights that nobody needs any more: fresh memory of that size is what fetching would wait for. */
  #spare: ArrayBuffer | null = null;
  #nextId = 1;

  constructor({ logger }: { readonly logger: Logger }) {
    this.#thread = new Worker(new URL('./compute-thread.js', import.meta.url));
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

  async run(task: ComputeTask, source: BlobSource): Promise<ComputeResult> {
    await Promise.all([
      this.#bringScan(task.scanDigest, source),
      this.#bringWeights(task.weightsDigest, source),
    ]);
    const id = this.#nextId++;
    const result = new Promise<ComputeResult>((resolve, reject) =>
      this.#waiting.set(id, { resolve, reject }),
    );
    this.#send({ type: 'task', id, task });
    return result;
  }

  async stop(): Promise<void> {
    await this.#thread.terminate();
  }

  #bringScan(digest: ContentDigest, source: BlobSource): Promise<void> {
    return this.#once(this.#scans, digest, scansKept, async () => {
      const bytes = await source.pull(digest);
      this.#send({ type: 'scan', digest, bytes }, [bytes.buffer as ArrayBuffer]);
    });
  }

  #bringWeights(digest: ContentDigest, source: BlobSource): Promise<void> {
    return this.#once(this.#weights, digest, weightsKept, async () => {
      const bytes = await source.pull(digest, this.#takeSpare);
      const slab = new Float32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / 4);
      this.#send({ type: 'weights', digest, slab }, [slab.buffer as ArrayBuffer]);
    });
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

  /** Fetches each content once, however many tasks ask for it at the same time; forgets the oldest beyond `kept`. */
  #once(
    known: Map<ContentDigest, Promise<void>>,
    digest: ContentDigest,
    kept: number,
    bring: () => Promise<void>,
  ): Promise<void> {
    const present = known.get(digest);
    if (present !== undefined) return present;
    const coming = bring();
    known.set(digest, coming);
    // Unless it was forgotten meanwhile and is coming once more.
    coming.catch(() => known.get(digest) === coming && known.delete(digest));
    const [oldest] = known.keys();
    if (known.size > kept && oldest !== undefined) {
      known.delete(oldest);
      this.#send({ type: 'forget', digest: oldest });
    }
    return coming;
  }
}
