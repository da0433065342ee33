import type { Tensor1D } from '@tensorflow/tfjs-core';
import { Fault } from '@ptychofleet/base';
import { channelsOf, type LossSpec, type ModelSpec } from '@ptychofleet/config';
import { besideParts, type Diffraction } from './diffraction.ts';
import { absolute, comparedSide } from './object-loss.ts';
import type { Tensor, TensorFlow } from './runtime.ts';

/** Smallest expected and observed count of a pixel (model spec §9): keeps logarithm and quotient finite. */
export const COUNTS_MIN = 1e-12;

/** Factors of the terms, each a sum over the pixels of a group; zero for a term that is off. */
export interface LossWeights {
  readonly poisson: number;
  readonly mae: number;
  readonly totalVariation: number;
  readonly objectError: number;
}

/**
 * `poisson` mixes sums over pixels by `nllWeight` and `maeWeight`, so that the default is the reference's Poisson loss and a
 * mixture has the proportions of its other back end; `mae` takes means over pixels, which is the reference's MAE loss.
 * The terms on the object are measured alike. Supervised training has the object's error alone (model spec §9).
 * @throws Fault `invalid-input` when no term is left.
 */
export function lossWeights(
  loss: LossSpec,
  { N, gridsize, modelType, probeBig }: Pick<ModelSpec, 'N' | 'gridsize' | 'modelType' | 'probeBig'>,
): LossWeights {
  const C = channelsOf({ gridsize });
  if (modelType === 'supervised') {
    return { poisson: 0, mae: 0, totalVariation: 0, objectError: 1 / (C * comparedSide(N, probeBig) ** 2) };
  }
  const unit = loss.kind === 'mae' ? 1 / (C * N * N) : 1;
  const poisson = loss.kind === 'mae' ? 0 : loss.nllWeight;
  const mae = loss.kind === 'mae' ? unit : loss.maeWeight;
  if (poisson + mae === 0) {
    const message = 'loss.nllWeight and loss.maeWeight: received 0 and 0; set at least one of them above 0';
    throw new Fault('invalid-input', message, { field: 'loss.nllWeight', received: '0', expected: '> 0' });
  }
  const realspace = unit * loss.realspaceWeight;
  return {
    poisson,
    mae,
    totalVariation: realspace * loss.tvWeight,
    objectError: realspace * loss.realspaceMaeWeight,
  };
}

export interface DiffractionLosses {
  /**
   * Σ_xy [λ - k ln λ - k + k ln k] ≥ 0 per pattern, λ = (S|F|)², k = (S y)²: the Poisson loss less a constant of the data, so
   * that float32 does not subtract large numbers. farField (n, N, 2, N), target S·y (n, N, N) [column, row] → (n)
   */
  poissonDeviance(farField: Tensor, target: Tensor): Tensor1D;
  /** Σ_xy | S|F| - S y | per pattern, (n). With `matchedPatterns` = C, predictions are first rescaled, C at a time, to the target's L2 norm. */
  absoluteError(farField: Tensor, target: Tensor, matchedPatterns?: number): Tensor1D;
}

/** @param physicsScale S, photons^½ per unit of normalised amplitude (training spec §2.2). */
export function createLosses(
  tf: TensorFlow,
  diffraction: Diffraction,
  physicsScale: number,
): DiffractionLosses {
  return {
    poissonDeviance(farField, target) {
      const layer = tf.customGrad((field, save) => {
        const intensity = tf.sum(tf.square(field as Tensor), 2); // (n, N, N)
        const rate = tf.maximum(tf.mul(intensity, physicsScale ** 2), COUNTS_MIN);
        const counts = tf.maximum(tf.square(target), COUNTS_MIN);
        const ratio = tf.div(rate, counts);
        // ratio - 1 is exact near 1, where the two terms cancel.
        const deviance = tf.mul(counts, tf.sub(tf.sub(ratio, 1), tf.log(ratio)));
        (save as unknown as (tensors: Tensor[]) => void)([field as Tensor, rate, counts]);
        // dL/dF = 2 S² (1 - k/λ) F: no division by |F| (model spec §10).
        const gradFunc = (dy: Tensor, [field, rate, counts]: Tensor[]) => {
          const slope = tf.div(tf.sub(rate as Tensor, counts as Tensor), rate as Tensor);
          const scaled = tf.mul(slope, tf.reshape(tf.mul(dy, 2 * physicsScale ** 2), [-1, 1, 1]));
          return tf.mul(field as Tensor, besideParts(tf, scaled));
        };
        return { value: tf.sum(deviance, [1, 2]), gradFunc };
      });
      return layer(farField) as Tensor1D;
    },

    absoluteError(farField, target, matchedPatterns) {
      const amplitude = diffraction.amplitude(farField);
      const predicted =
        matchedPatterns === undefined
          ? tf.mul(amplitude, physicsScale)
          : matched(tf, amplitude, target, matchedPatterns);
      return tf.sum(absolute(tf, tf.sub(predicted, target)), [1, 2]) as Tensor1D;
    },
  };
}

/** Prediction rescaled per sample of C patterns to the target's L2 norm; differentiates through the factor. */
function matched(tf: TensorFlow, amplitude: Tensor, target: Tensor, C: number): Tensor {
  const [n, height, width] = amplitude.shape as [number, number, number];
  const grouped = [n / C, C, height, width];
  const energy = (image: Tensor) => tf.sum(tf.square(tf.reshape(image, grouped)), [1, 2, 3], true);
  const factor = tf.sqrt(tf.div(energy(target), tf.maximum(energy(amplitude), COUNTS_MIN)));
  return tf.reshape(tf.mul(tf.reshape(amplitude, grouped), factor), [n, height, width]);
}
