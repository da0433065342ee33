import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { LabelTensors } from './batch.ts';
import { complexParts, type ObjectMaps } from './network.ts';
import type { Tensor, TensorFlow } from './runtime.ts';

/** Side of the part of a patch that is compared: without the outer branch only the central half is predicted (model spec §2.5). */
export function comparedSide(N: number, probeBig: boolean): number {
  return probeBig ? N : N / 2;
}

/** Terms taken on the object itself (model spec §9). Maps (b, N, N, Cout) → one value per pattern, (b·Cout) */
export interface ObjectLosses {
  /** Σ |∂x re| + |∂y re| + |∂x im| + |∂y im|, differences of neighbouring pixels. */
  totalVariation(maps: ObjectMaps): Tensor1D;
  /** Σ | A - A_label | + | φ - φ_label |, in the network's units and radians; phases are compared as they are, not modulo 2π. */
  error(maps: ObjectMaps, labels: LabelTensors): Tensor1D;
}

export function createObjectLosses(tf: TensorFlow, N: number, probeBig: boolean): ObjectLosses {
  const side = comparedSide(N, probeBig);
  const start = (N - side) / 2;
  const central = (map: Tensor4D) =>
    side === N ? map : tf.slice4d(map, [0, start, start, 0], [-1, side, side, -1]);
  /** (b, height, width, Cout) → (b·Cout) */
  const perPattern = (values: Tensor4D) => tf.reshape(tf.sum(values, [1, 2]), [-1]) as Tensor1D;
  const steps = (part: Tensor4D, axis: 1 | 2) => {
    const [height, width] = axis === 1 ? [side - 1, side] : [side, side - 1];
    const from = (begin: readonly [number, number]) =>
      tf.slice4d(part, [0, ...begin, 0], [-1, height, width, -1]);
    return perPattern(absolute(tf, tf.sub(from(axis === 1 ? [1, 0] : [0, 1]), from([0, 0]))) as Tensor4D);
  };

  return {
    totalVariation({ amplitude, phase }) {
      const parts = complexParts(tf, { amplitude: central(amplitude), phase: central(phase) });
      const sums = parts.flatMap((part) => [steps(part, 1), steps(part, 2)]);
      return sums.reduce((sum, term) => tf.add(sum, term));
    },

    error({ amplitude, phase }, labels) {
      const gap = (map: Tensor4D, label: Tensor4D) => absolute(tf, tf.sub(central(map), central(label)));
      return perPattern(tf.add(gap(amplitude, labels.amplitude), gap(phase, labels.phase)) as Tensor4D);
    },
  };
}

/** |x| with slope 0 at 0, where tfjs takes -1: a flat object is an optimum of the total variation, not a slope. */
export function absolute(tf: TensorFlow, x: Tensor): Tensor {
  const layer = tf.customGrad((x, save) => {
    (save as unknown as (tensors: Tensor[]) => void)([x as Tensor]);
    const gradFunc = (dy: Tensor, [x]: Tensor[]) => tf.mul(dy, tf.sign(x as Tensor));
    return { value: tf.abs(x as Tensor), gradFunc };
  });
  return layer(x);
}
