import { RandomSequence, RandomStream } from '@ptychofleet/base';
import { expect } from 'vitest';
import { tensorflow, type Tensor } from './runtime.ts';

const tf = tensorflow();
export const valuesOf = (tensor: Tensor) => tensor.dataSync<'float32'>() as Float32Array;
export const noise = (size: number, stream: string) => {
  const draw = new RandomSequence(new RandomStream(11, stream));
  return Float32Array.from({ length: size }, () => 2 * draw.uniform() - 1);
};
export const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

export interface Input {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}
export const input = (name: string, ...shape: number[]): Input => ({
  name,
  shape,
  values: noise(sizeOf(shape), name),
});

/**
 * Compares value and gradient of `layer` (float32, TensorFlow) with `definition` (float64) and its central differences. The
 * output is weighted by noise, so that every part of it counts.
 */
export function compareGradients(
  inputs: readonly Input[],
  layer: (...tensors: Tensor[]) => Tensor,
  definition: (...values: Float64Array[]) => ArrayLike<number>,
): void {
  const exact = inputs.map(({ values }) => Float64Array.from(values));
  const expected = definition(...exact);
  const weights = noise(expected.length, 'weights of the output');
  const weighted = (values: readonly Float64Array[]) => {
    const output = definition(...values);
    let sum = 0;
    for (let i = 0; i < output.length; i++) sum += (weights[i] as number) * (output[i] as number);
    return sum;
  };
  tf.tidy(() => {
    const tensors = inputs.map(({ shape, values }) => tf.tensor(values.slice(), [...shape]));
    const actual = valuesOf(layer(...tensors));
    const largest = Math.max(...Array.from(expected, Math.abs));
    expect(actual).toHaveLength(expected.length);
    actual.forEach((value, i) =>
      expect(Math.abs(value - (expected[i] as number))).toBeLessThan(1e-5 * largest),
    );
    const gradients = tf.grads((...args: Tensor[]) => {
      const output = layer(...args);
      return tf.sum(tf.mul(output, tf.tensor(weights.slice(), output.shape)));
    })(tensors);
    const step = 1e-6;
    gradients.forEach((gradient, which) => {
      const slopes = valuesOf(gradient);
      const steepest = Math.max(...slopes.map(Math.abs));
      const stride = Math.max(1, Math.floor(slopes.length / 61));
      for (let i = 0; i < slopes.length; i += stride) {
        const moved = (by: number) =>
          exact.map((values, at) =>
            at === which ? values.map((value, k) => (k === i ? value + by : value)) : values,
          );
        const slope = (weighted(moved(step)) - weighted(moved(-step))) / (2 * step);
        const { name } = inputs[which] as Input;
        expect(Math.abs(slope - (slopes[i] as number)), `${name}[${i}]`).toBeLessThan(3e-5 * steepest + 1e-8);
      }
    });
  });
}
