import { modelSpecSchema, type ModelSpec } from '@ptychofleet/config';
import { tensorflow, type Tensor } from '../../libs/compute/src/runtime.ts';
import type { GoldenFile } from './golden-file.ts';

/** Frees the tensors that `work` makes; unlike tidy, it takes and returns anything but tensors. */
export function freeingTensors<T>(work: () => T): T {
  const engine = tensorflow().engine();
  engine.startScope();
  try {
    return work();
  } finally {
    engine.endScope();
  }
}

export function valuesOf(tensor: Tensor): Float32Array {
  return tensor.dataSync<'float32'>() as Float32Array;
}

/** A real array as a tensor, in its own shape unless another is given. */
export function tensorOf(file: GoldenFile, key: string, shape = file.shape(key)): Tensor {
  return tensorflow().tensor(file.f32(key), [...shape]);
}

/** Real and imaginary planes of a complex array, (n, 2, height, width), whatever stands before height and width. */
export function planesOf(file: GoldenFile, key: string): Tensor {
  const tf = tensorflow();
  const shape = file.shape(key);
  const image = [-1, ...shape.slice(-2)];
  const { re, im } = file.complex(key);
  return tf.stack([tf.reshape(tf.tensor(re), image), tf.reshape(tf.tensor(im), image)], 1);
}

/** Planes (n, 2, height, width) → interleaved real and imaginary parts. */
export function interleaved(planes: Tensor): Float32Array {
  return valuesOf(tensorflow().transpose(planes, [0, 2, 3, 1]));
}

/** (n, height, width, C) → (n, C, height, width) */
export function channelFirst(map: Tensor): Float32Array {
  return valuesOf(tensorflow().transpose(map, [0, 3, 1, 2]));
}

/** Swaps the last two axes of (…, N, N). */
export function transposed(values: Float32Array, N: number): Float32Array {
  return Float32Array.from(values, (_, at) => {
    const base = at - (at % (N * N));
    const row = Math.floor((at % (N * N)) / N);
    return values[base + (at % N) * N + row];
  });
}

/** The defaults with these fields. Single layers work for any side, so `N` may be one that networks do not have. */
export function modelWith(fields: Partial<Omit<ModelSpec, 'N'>> & { readonly N?: number }): ModelSpec {
  const { N = 64, ...others } = fields;
  return { ...modelSpecSchema.parse(others), N: N as ModelSpec['N'] };
}

/** Sums of consecutive blocks of `size` values. */
export function blockSums(values: ArrayLike<number>, size: number): number[] {
  const sums = new Array<number>(values.length / size).fill(0);
  for (let i = 0; i < values.length; i++) sums[Math.floor(i / size)] += values[i];
  return sums;
}
