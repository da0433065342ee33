import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';
import { readNpz } from '@ptychofleet/data';
import { fromInterleaved, type ComplexImage } from './index.ts';

/** Full set of golden vectors beside the checkout, else the small committed one. */
const folders = ['../../../../shared/golden/', '../../../tests/golden/vectors/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** One NPZ of golden vectors, with typed access that fails by name. */
export class GoldenFile {
  readonly #entries: ReturnType<typeof readNpz>;

  constructor(path: string) {
    this.#entries = readNpz(readFileSync(path), path);
  }

  numbers(key: string): Float32Array | Float64Array {
    const entry = this.#array(key);
    const { data } = entry;
    if (data instanceof Float32Array || data instanceof Float64Array) return data;
    return Float64Array.from(data as ArrayLike<number>);
  }

  shape(key: string): readonly number[] {
    return this.#array(key).shape;
  }

  scalar(key: string): number {
    return this.numbers(key)[0];
  }

  /** Interleaved complex64. */
  complex(key: string): Float32Array {
    const entry = this.#array(key);
    if (entry.dtype !== 'complex64') throw new Error(`${key} is ${entry.dtype}`);
    return entry.data;
  }

  image(key: string): ComplexImage {
    const [height, width] = this.shape(key);
    return fromInterleaved(height, width, this.complex(key));
  }

  #array(key: string) {
    const entry = this.#entries.get(key);
    if (entry === undefined || !('dtype' in entry)) throw new Error(`no array ${key}`);
    return entry;
  }
}

/** A golden file, or null where neither set holds it. */
export function openGolden(name: string): GoldenFile | null {
  const path = folders.map((folder) => folder + name).find((candidate) => existsSync(candidate));
  return path === undefined ? null : new GoldenFile(path);
}

/** Tests that need golden vectors; skipped, by name, where the files are not there. */
export function describeGolden(
  title: string,
  names: readonly string[],
  body: (...files: readonly GoldenFile[]) => void,
): void {
  const missing = names.filter((name) => openGolden(name) === null);
  if (missing.length > 0) it.skip(`${title}: ${missing.join(', ')} not beside this checkout`, () => {});
  else describe(title, () => body(...names.map((name) => openGolden(name) as GoldenFile)));
}

/** (n, 2) positions as float64. */
export function positionsOf(file: GoldenFile, key: string): Float64Array {
  return Float64Array.from(file.numbers(key));
}

/** Largest |a - b| over the largest |b|. */
export function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = a.length === b.length ? 0 : NaN;
  let largest = 0;
  for (let i = 0; i < b.length; i++) {
    difference = Math.max(difference, Math.abs(a[i] - b[i]));
    largest = Math.max(largest, Math.abs(b[i]));
  }
  return difference / largest;
}
