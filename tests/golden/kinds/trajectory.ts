import { lossSpecSchema, type ModelSpec } from '@ptychofleet/config';
import { initialWeights } from '@ptychofleet/model';
import { createOptimizer } from '@ptychofleet/params';
import { createEngine, type Engine } from '@ptychofleet/compute';
import { stirlingRemainder } from '../../../libs/data/src/stirling.ts';
import type { Checks } from '../comparison.ts';
import type { GoldenFile } from '../golden-file.ts';
import type { GoldenKind } from '../kind.ts';
import { checkWeights, modelOf, parametersOf } from '../reference-parameters.ts';
import { blockSums } from '../tensors.ts';
import { tolerances } from '../tolerances.ts';

/** The golden read-me's optimiser: Adam, its defaults, one rate. */
const adam = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, momentum: 0 } as const;
const learningRate = 1e-3;
/** Steps before rounding shows. */
const firstSteps = 5;

/** Optimiser steps over fixed batches in turn (training spec §6, §13). */
export const trajectory: GoldenKind = {
  name: 'trajectory',
  signature: 'x, params_json and losses_f64',
  matches: (file) => file.has('x', 'params_json', 'losses_f64'),
  check(file, checks) {
    const listed = parametersOf(file);
    const [batches, groups, C] = file.shapeOf('x', 5);
    const model = modelOf(listed.params, 'torch', C);
    const engines = Array.from({ length: batches }, (_, batch) => engineOf(file, model, batch));
    const { layout } = engines[0];
    const weights = initialWeights(layout, { kind: 'hash', seed: 0, base: listed.base }, model);
    checkWeights(file, checks, listed, layout, weights);
    const optimizer = createOptimizer(adam, layout.size);
    const everyGroup = { groupIndices: Int32Array.from({ length: groups }, (_, i) => i) };
    const losses: number[] = [];
    const norms: number[] = [];
    for (const [step] of file.numbers('losses_f64').entries()) {
      const engine = engines[step % batches];
      engine.setWeights(weights);
      const { lossSum, gradient } = engine.gradient(everyGroup);
      const mean = gradient.map((value) => value / groups);
      losses.push(lossSum / groups);
      norms.push(Math.sqrt(mean.reduce((sum, value) => sum + value * value, 0)));
      optimizer.step(weights, mean, learningRate);
    }
    const early = (step: number) => step < firstSteps;
    for (const [key, values] of [
      ['losses_f64', losses],
      ['grad_norms_f64', norms],
    ] as const) {
      if (!file.has(key)) continue;
      checks.array(key, values, tolerances.firstSteps, { where: early, name: `${key}, first ${firstSteps}` });
      if (values.length > firstSteps)
        checks.array(key, values, tolerances.laterSteps, { where: (step) => !early(step) });
    }
    checkFinalMaps(file, checks, engines, weights);
    for (const engine of engines) engine.dispose();
  },
};

/** The reference normalises by each batch's own mean amplitude: one engine per batch, with that mean. */
function engineOf(file: GoldenFile, model: ModelSpec, batch: number): Engine {
  const [, groups, C, N] = file.shapeOf('x', 5);
  const size = groups * C * N * N;
  const patterns = file.f32('x').slice(batch * size, (batch + 1) * size);
  const { re, im } = file.complex('probe');
  const physics = file.scalar('physics_scale');
  const offsets = groups * C * 2;
  return createEngine(model, lossSpecSchema.parse({}), {
    N,
    C,
    groupCount: groups,
    modes: re.length / (N * N),
    patterns,
    groups: Int32Array.from({ length: groups * C }, (_, i) => i),
    relative: file.f32('rel_xy').slice(batch * offsets, (batch + 1) * offsets),
    probeRe: re,
    probeIm: im,
    scales: { physics, meanAmplitude: patterns.reduce((a, b) => a + b, 0) / size + 1e-8 },
    lossConstant: Float64Array.from(
      blockSums(
        Array.from(patterns, (value) => stirlingRemainder((physics * value) ** 2)),
        N * N,
      ),
    ),
  });
}

/** `final_amp_batch<n>` and `final_phase_batch<n>`, as the complex object that they stand for. */
function checkFinalMaps(
  file: GoldenFile,
  checks: Checks,
  engines: readonly Engine[],
  weights: Float32Array,
): void {
  for (const [batch] of file.captures(/^final_amp_batch(\d+)$/)) {
    const [groups, , N] = file.shapeOf(`final_amp_batch${batch}`, 4);
    const engine = engines[Number(batch)];
    engine.setWeights(weights);
    const object = engine.predict({ groupIndices: Int32Array.from({ length: groups }, (_, i) => i) }, N);
    const amplitude = file.numbers(`final_amp_batch${batch}`);
    const phase = file.numbers(`final_phase_batch${batch}`);
    const expected = Float64Array.from(object, (_, at) => {
      const part = at % 2 === 0 ? Math.cos : Math.sin;
      return amplitude[at >> 1] * part(phase[at >> 1]);
    });
    const shape = [...file.shape(`final_amp_batch${batch}`), 2];
    const name = `final_amp_batch${batch}, final_phase_batch${batch}`;
    checks.values(name, object, expected, tolerances.trainedMap, { shape, complex: true });
  }
}
