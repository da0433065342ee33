import { modelSpecSchema, type ModelSpec } from '@ptychofleet/config';

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

/** Swaps the last two axes of (n, N, N). */
export function transposed(values: Float32Array, N: number): Float32Array {
  return Float32Array.from(values, (_, at) => {
    const base = at - (at % (N * N));
    const row = Math.floor((at % (N * N)) / N);
    return values[base + (at % N) * N + row] as number;
  });
}

/** A model with the run-independent defaults, the reference's canvas, and these fields. */
export function modelWith(fields: Partial<ModelSpec>): ModelSpec {
  return modelSpecSchema.parse({ maxNeighborDistance: 3, ...fields });
}
