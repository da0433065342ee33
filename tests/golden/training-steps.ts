import { createEngine, type Engine } from '@ptychofleet/compute';
import { lossSpecSchema, type ModelSpec } from '@ptychofleet/config';
import { initialWeights } from '@ptychofleet/model';
import { createOptimizer } from '@ptychofleet/params';
import { stirlingRemainder } from '../../libs/data/src/stirling.ts';
import type { ComplexParts } from './golden-file.ts';
import { blockSums } from './tensors.ts';

/** The optimiser of the reference's runs: Adam with its defaults and one rate (golden read-mes). */
const adam = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, momentum: 0 } as const;
const learningRate = 1e-3;

/** Steps before rounding shows in a trajectory. */
export const firstSteps = 5;

/** A batch as it is, without grouping or shuffling. */
export interface FixedBatch {
  readonly groups: number;
  /** (groups·C, N, N) normalised amplitudes */
  readonly patterns: Float32Array;
  /** (groups, C, 2) */
  readonly relative: Float32Array;
  readonly probe: ComplexParts;
  readonly physicsScale: number;
}

/** Hash-filled weights on their way through optimiser steps. */
export class Trainee {
  readonly weights: Float32Array;
  readonly losses: number[] = [];
  /** Euclidean norms of the gradients. */
  readonly norms: number[] = [];
  readonly #optimizer: ReturnType<typeof createOptimizer>;

  constructor(model: ModelSpec, { layout }: Engine, base: number) {
    this.weights = initialWeights(layout, { kind: 'hash', seed: 0, base }, model);
    this.#optimizer = createOptimizer(adam, layout.size);
  }

  /** One step on an engine's whole batch. */
  step(engine: Engine, groups: number): void {
    engine.setWeights(this.weights);
    const { lossSum, gradient } = engine.gradient({ groupIndices: wholeBatch(groups) });
    const mean = gradient.map((value) => value / groups);
    this.losses.push(lossSum / groups);
    this.norms.push(Math.sqrt(mean.reduce((sum, value) => sum + value * value, 0)));
    this.#optimizer.step(this.weights, mean, learningRate);
  }
}

export function wholeBatch(groups: number): Int32Array {
  return Int32Array.from({ length: groups }, (_, i) => i);
}

/** The reference normalises by each batch's own mean amplitude: one engine per batch, with that mean. */
export function engineOf(model: ModelSpec, batch: FixedBatch): Engine {
  const { N } = model;
  const { patterns, groups, relative, physicsScale: physics, probe } = batch;
  const remainders = Array.from(patterns, (value) => stirlingRemainder((physics * value) ** 2));
  const count = patterns.length / (N * N);
  return createEngine(model, lossSpecSchema.parse({}), {
    N,
    C: count / groups,
    groupCount: groups,
    modes: probe.re.length / (N * N),
    patterns,
    groups: Int32Array.from({ length: count }, (_, i) => i),
    relative,
    probeRe: probe.re,
    probeIm: probe.im,
    scales: { physics, meanAmplitude: patterns.reduce((a, b) => a + b, 0) / patterns.length + 1e-8 },
    lossConstant: Float64Array.from(blockSums(remainders, N * N)),
  });
}
