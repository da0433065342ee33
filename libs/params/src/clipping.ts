import { unreachable } from '@ptychofleet/base';
import type { ParameterLayout } from './layout.ts';
import { scaleSlab } from './slab-work.ts';

export interface ClippingSpec {
  readonly algorithm: 'norm' | 'value' | 'agc';
  /** Norm bound, entry bound, or (agc) ratio of gradient norm to weight norm. */
  readonly value: number;
}

/** Global 2-norms of the gradient around clipping. */
export interface ClippingReport {
  readonly normBefore: number;
  readonly normAfter: number;
}

/** 2-norm with a float64 sum in slab order: one order, hence one value everywhere. */
export function euclideanNorm(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return Math.sqrt(sum);
}

/** Clips `gradient` in place (training spec §6.2). `weights` is only read, and only by agc. */
export function clipGradient(
  gradient: Float32Array,
  layout: ParameterLayout,
  { algorithm, value }: ClippingSpec,
  weights: Float32Array,
): ClippingReport {
  const normBefore = euclideanNorm(gradient);
  switch (algorithm) {
    case 'norm':
      scaleSlab(gradient, Math.min(1, value / (normBefore + 1e-6)));
      break;
    case 'value':
      for (let i = 0; i < gradient.length; i++) gradient[i] = Math.min(value, Math.max(-value, gradient[i]));
      break;
    case 'agc':
      for (const { offset, size } of layout.tensors) {
        const part = gradient.subarray(offset, offset + size);
        const bound = value * Math.max(euclideanNorm(weights.subarray(offset, offset + size)), 1e-3);
        const norm = euclideanNorm(part);
        if (norm > bound) scaleSlab(part, bound / norm);
      }
      break;
    default:
      unreachable(algorithm);
  }
  return { normBefore, normAfter: euclideanNorm(gradient) };
}
