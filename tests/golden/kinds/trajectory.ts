import type { Engine } from '@ptychofleet/compute';
import type { Checks } from '../comparison.ts';
import type { GoldenFile } from '../golden-file.ts';
import type { GoldenKind } from '../kind.ts';
import { checkWeights, modelOf, parametersOf } from '../reference-parameters.ts';
import { tolerances } from '../tolerances.ts';
import { engineOf, firstSteps, Trainee, wholeBatch, type FixedBatch } from '../training-steps.ts';

/** Optimiser steps over fixed batches in turn (training spec §6, §13). */
export const trajectory: GoldenKind = {
  name: 'trajectory',
  signature: 'x, params_json and losses_f64',
  matches: (file) => file.has('x', 'params_json', 'losses_f64'),
  check(file, checks) {
    const listed = parametersOf(file);
    const [batches, groups, C] = file.shapeOf('x', 5);
    const model = modelOf(listed.params, 'torch', C);
    const engines = Array.from({ length: batches }, (_, batch) => engineOf(model, batchOf(file, batch)));
    const trainee = new Trainee(model, engines[0], listed.base);
    checkWeights(file, checks, listed, engines[0].layout, trainee.weights);
    for (const [step] of file.numbers('losses_f64').entries()) trainee.step(engines[step % batches], groups);
    const { losses, norms, weights } = trainee;
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

function batchOf(file: GoldenFile, batch: number): FixedBatch {
  const [, groups, C, N] = file.shapeOf('x', 5);
  const part = (key: string, size: number) => file.f32(key).slice(batch * size, (batch + 1) * size);
  return {
    groups,
    patterns: part('x', groups * C * N * N),
    relative: part('rel_xy', groups * C * 2),
    probe: file.complex('probe'),
    physicsScale: file.scalar('physics_scale'),
  };
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
    const object = engine.predict({ groupIndices: wholeBatch(groups) }, N);
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
