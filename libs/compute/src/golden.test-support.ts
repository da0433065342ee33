import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ModelSpec } from '@ptychofleet/config';
import { modelSpecSchema } from '@ptychofleet/config';
import { readNpz } from '@ptychofleet/data';

const folders = ['../../../../shared/golden', '../../../tests/golden/vectors'];

/** Path of a golden file, or null where the vectors are not on this machine. */
export function goldenPath(name: string): string | null {
  const paths = folders.map((folder) => fileURLToPath(new URL(`${folder}/${name}.npz`, import.meta.url)));
  return paths.find((path) => existsSync(path)) ?? null;
}

export interface Golden {
  /** Real array as float32, complex arrays interleaved. */
  f32(key: string): Float32Array;
  f64(key: string): Float64Array;
  shape(key: string): readonly number[];
  scalar(key: string): number;
  complex(key: string): { re: Float32Array; im: Float32Array };
  json(key: string): unknown;
}

export function readGolden(name: string): Golden {
  const path = goldenPath(name);
  if (path === null) throw new Error(`no golden file ${name}`);
  const entries = readNpz(new Uint8Array(readFileSync(path)));
  const array = (key: string) => {
    const entry = entries.get(key);
    if (entry === undefined || !('data' in entry)) throw new Error(`${name} has no array ${key}`);
    return entry;
  };
  const f64 = (key: string) => Float64Array.from(array(key).data as ArrayLike<number>, Number);
  return {
    f32: (key) => Float32Array.from(f64(key)),
    f64,
    shape: (key) => array(key).shape,
    scalar: (key) => f64(key)[0] as number,
    complex(key) {
      const data = f64(key);
      return {
        re: Float32Array.from({ length: data.length / 2 }, (_, i) => data[2 * i] as number),
        im: Float32Array.from({ length: data.length / 2 }, (_, i) => data[2 * i + 1] as number),
      };
    },
    json: (key) => JSON.parse(new TextDecoder().decode(Uint8Array.from(f64(key)))),
  };
}

/** Largest difference over the largest magnitude of `expected`. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const gap = Math.abs((actual[i] as number) - (expected[i] as number));
    if (Number.isNaN(gap)) return Infinity;
    difference = Math.max(difference, gap);
    largest = Math.max(largest, Math.abs(expected[i] as number));
  }
  return difference / largest;
}

/** (n, H, W, C) → (n, C, H, W) */
export function channelFirst(values: Float32Array, shape: readonly number[]): Float32Array {
  const [n, height, width, channels] = shape as [number, number, number, number];
  const plane = height * width;
  return Float32Array.from(values, (_, at) => {
    const channel = Math.floor(at / plane) % channels;
    const sample = Math.floor(at / (plane * channels));
    return values[(sample * plane + (at % plane)) * channels + channel] as number;
  }).subarray(0, n * plane * channels);
}

/** Swaps the last two axes of (n, N, N). */
export function transposed(values: Float32Array, N: number): Float32Array {
  return Float32Array.from(values, (_, at) => {
    const base = at - (at % (N * N));
    const row = Math.floor((at % (N * N)) / N);
    return values[base + (at % N) * N + row] as number;
  });
}

/** A model with the run-independent defaults, the canvas of the reference's vectors, and these fields. */
export function modelWith(fields: Partial<ModelSpec>): ModelSpec {
  return modelSpecSchema.parse({ maxNeighborDistance: 3, ...fields });
}
