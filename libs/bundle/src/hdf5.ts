import { Worker } from 'node:worker_threads';

/** `src` and `dist` are siblings of `thread`, so the same relative address serves tests and builds. */
const threadUrl = new URL('../thread/hdf5-thread.mjs', import.meta.url);

export interface Hdf5Dataset {
  readonly path: readonly string[];
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** What a file holds: a float32 dataset with its values, or the type of something else. */
export interface Hdf5Object {
  readonly path: readonly string[];
  readonly type: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | null;
}

export interface Hdf5Attribute {
  readonly name: string;
  /** ASCII text or a float64. */
  readonly value: string | number;
}

/** An HDF5 file with plain float32 datasets and attributes at its root; equal content gives equal bytes. */
export function encodeHdf5(
  attributes: readonly Hdf5Attribute[],
  datasets: readonly Hdf5Dataset[],
): Promise<Uint8Array> {
  return inThread<Uint8Array>({ kind: 'write', attributes, datasets });
}

/**
 * All datasets of a file of unknown origin; rejects with a short reason when it cannot be read.
 * @param valueBytesMax what all values together may take; values that are stored plainly fit into their file.
 */
export function decodeHdf5(
  bytes: Uint8Array,
  valueBytesMax = bytes.byteLength,
): Promise<readonly Hdf5Object[]> {
  return inThread<readonly Hdf5Object[]>({ kind: 'read', bytes, valueBytesMax });
}

function inThread<Result>(request: object): Promise<Result> {
  return new Promise((resolve, reject) => {
    // HDF5 writes its diagnostics to the thread's stderr; what matters of them comes back as the failure.
    const thread = new Worker(threadUrl, { workerData: request, stdout: true, stderr: true });
    thread.once('message', (answer: { result: Result } | { failure: string }) => {
      if ('failure' in answer) reject(new Error(reasonIn(answer.failure)));
      else resolve(answer.result);
      void thread.terminate();
    });
    thread.once('error', reject);
    thread.once('exit', (code) => reject(new Error(`the HDF5 thread ended with code ${code}`)));
  });
}

/** HDF5 reports a whole call stack; its first line after the function name says what failed. */
function reasonIn(report: string): string {
  return (/\(\): (.*)/.exec(report)?.[1] ?? report).slice(0, 120);
}
