import { describe, expect, it } from 'vitest';
import { lossSpecSchema } from '@ptychofleet/config';
import { initialWeights } from '@ptychofleet/model';
import { createOptimizer } from '@ptychofleet/params';
import { createEngine } from './engine.ts';
import { goldenPath, modelWith, readGolden, relativeError } from './golden.test-support.ts';
import type { ScanTensors } from './scan-tensors.ts';

const BATCHES = 3;
const GROUPS = 4;

describe.each([1, 2])('twelve Adam steps with gridsize %i', (gridsize) => {
  const file = `trajectory_gs${gridsize}`;

  it.skipIf(goldenPath(file) === null)('follow the reference', () => {
    const golden = readGolden(file);
    const model = modelWith({ gridsize, nFiltersScale: 1, objectBig: gridsize > 1 });
    const { N } = model;
    const C = gridsize * gridsize;
    const physics = golden.scalar('physics_scale');
    const x = golden.f32('x');
    const perBatch = GROUPS * C * N * N;
    const { re, im } = golden.complex('probe');
    // The reference normalises by each batch's own mean amplitude: one engine per batch, with that mean.
    const engines = Array.from({ length: BATCHES }, (_, batch) => {
      const patterns = x.slice(batch * perBatch, (batch + 1) * perBatch);
      const scan: ScanTensors = {
        N,
        C,
        groupCount: GROUPS,
        modes: 1,
        patterns,
        groups: Int32Array.from({ length: GROUPS * C }, (_, i) => i),
        relative: golden.f32('rel_xy').slice(batch * GROUPS * C * 2, (batch + 1) * GROUPS * C * 2),
        probeRe: re,
        probeIm: im,
        scales: { physics, meanAmplitude: patterns.reduce((a, b) => a + b, 0) / patterns.length + 1e-8 },
        lossConstant: lossConstants(patterns, N, physics),
      };
      return createEngine(model, lossSpecSchema.parse({}), scan);
    });
    const layout = (engines[0] as (typeof engines)[number]).layout;
    const { base } = golden.json('params_json') as { base: number };
    const weights = initialWeights(layout, { kind: 'hash', seed: 0, base }, model);
    const adam = createOptimizer(
      { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, momentum: 0 },
      layout.size,
    );
    const everyGroup = { groupIndices: Int32Array.from({ length: GROUPS }, (_, i) => i) };
    golden.f64('losses_f64').forEach((expected, step) => {
      const engine = engines[step % BATCHES] as (typeof engines)[number];
      engine.setWeights(weights);
      const { lossSum, gradient } = engine.gradient(everyGroup);
      const mean = gradient.map((value) => value / GROUPS);
      const norm = Math.sqrt(mean.reduce((sum, value) => sum + value * value, 0));
      const tolerance = step < 5 ? 1e-4 : 1e-2;
      expect(Math.abs(lossSum / GROUPS / expected - 1), `loss of step ${step}`).toBeLessThan(tolerance);
      const normExpected = golden.f64('grad_norms_f64')[step] as number;
      expect(Math.abs(norm / normExpected - 1), `gradient norm of step ${step}`).toBeLessThan(tolerance);
      adam.step(weights, mean, 1e-3);
    });
    const [first] = engines as [(typeof engines)[number]];
    first.setWeights(weights);
    const object = first.predict(everyGroup, N);
    const amplitude = golden.f64('final_amp_batch0');
    const phase = golden.f64('final_phase_batch0');
    const expected = Float64Array.from(object, (_, at) => {
      const angle = phase[at >> 1] as number;
      return (amplitude[at >> 1] as number) * (at % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
    });
    expect(relativeError(object, expected)).toBeLessThan(1e-2);
    for (const engine of engines) engine.dispose();
  });
});

/** Σ [k - k ln k + lnΓ(k+1)] per pattern, k = (S X)²; lnΓ by Stirling's series behind a shift of the argument. */
function lossConstants(patterns: Float32Array, N: number, physics: number): Float64Array {
  const constants = new Float64Array(patterns.length / (N * N));
  patterns.forEach((amplitude, at) => {
    const k = (physics * amplitude) ** 2;
    if (k > 0) constants[Math.floor(at / (N * N))]! += k - k * Math.log(k) + lgamma(k + 1);
  });
  return constants;
}

function lgamma(x: number): number {
  let shift = 0;
  let z = x;
  while (z < 10) shift += Math.log(z++);
  const series = 1 / (12 * z) - 1 / (360 * z ** 3) + 1 / (1260 * z ** 5) - 1 / (1680 * z ** 7);
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
