import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readNpz } from '@ptychofleet/data';
import { describe, expect, it } from 'vitest';
import {
  clipGradient,
  createOptimizer,
  createSchedule,
  euclideanNorm,
  layoutOf,
  type ClippingSpec,
  type OptimizerSpec,
  type ScheduleSpec,
} from './index.ts';

const root = join(import.meta.dirname, '../../..');
const file = [join(root, '../shared/golden'), join(root, 'tests/golden/vectors')]
  .map((folder) => join(folder, 'schedulers_optim.npz'))
  .find((path) => existsSync(path));

const adam: OptimizerSpec = {
  kind: 'adam',
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  momentum: 0.9,
};

describe.skipIf(file === undefined)('golden schedulers_optim.npz', () => {
  const arrays = file === undefined ? new Map() : readNpz(readFileSync(file));
  const values = (key: string): number[] => Array.from(arrays.get(key).data as ArrayLike<number>);
  const baseRate = file === undefined ? 0 : values('base_lr_f64')[0];
  const base: ScheduleSpec = {
    kind: 'Default',
    baseRate,
    epochs: 50,
    warmupEpochs: 0,
    minRatio: 0.1,
    plateauFactor: 0.5,
    plateauPatience: 2,
    plateauMinRate: 5e-5,
    plateauThreshold: 0,
    stage1Epochs: 0,
    stage2Epochs: 0,
    stage3Factor: 0.1,
    physicsWeightSchedule: 'linear',
  };

  it.each<[string, Partial<OptimizerSpec>]>([
    ['opt_adam', {}],
    ['opt_adam_wd', { weightDecay: 0.1 }],
    ['opt_adamw_wd', { kind: 'adamw', weightDecay: 0.1 }],
    ['opt_adam_betas', { beta1: 0.8, beta2: 0.95 }],
    ['opt_sgd', { kind: 'sgd' }],
    ['opt_sgd_m0_wd', { kind: 'sgd', momentum: 0, weightDecay: 0.1 }],
  ])('%s: eight steps within 1e-6 of the largest parameter', (key, change) => {
    const weights = Float32Array.from(values('opt_p0'));
    const [rate] = values('opt_lr_f64');
    const optimizer = createOptimizer({ ...adam, ...change }, weights.length);
    const gradients = values('opt_grads');
    const expected = values(key);
    const largest = Math.max(...expected.map(Math.abs));
    for (let step = 0; step < 8; step++) {
      optimizer.step(weights, Float32Array.from(gradients.slice(12 * step, 12 * step + 12)), rate);
      weights.forEach((weight, i) => {
        expect(Math.abs(weight - expected[12 * step + i])).toBeLessThan(1e-6 * largest);
      });
    }
  });

  it.each<[string, Partial<ScheduleSpec>]>([
    ['exponential_f64', { kind: 'Exponential' }],
    ['warmupcosine_T50_w0_r0.1_f64', { kind: 'WarmupCosine' }],
    ['warmupcosine_T50_w0_r0.1_f64', { kind: 'CosineAnnealing', warmupEpochs: 7 }],
    ['warmupcosine_T50_w5_r0.1_f64', { kind: 'WarmupCosine', warmupEpochs: 5 }],
    ['warmupcosine_T20_w20_r0.1_f64', { kind: 'WarmupCosine', epochs: 20, warmupEpochs: 20 }],
    ['warmupcosine_T12_w3_r0.01_f64', { kind: 'WarmupCosine', epochs: 12, warmupEpochs: 3, minRatio: 0.01 }],
    ['warmupcosine_T1_w0_r0.1_f64', { kind: 'WarmupCosine', epochs: 1 }],
    ['warmupcosine_T10_w12_r0.1_f64', { kind: 'WarmupCosine', epochs: 10, warmupEpochs: 12 }],
    ['multistage_5_4_6_f64', { kind: 'MultiStage', stage1Epochs: 5, stage2Epochs: 4 }],
    ['adaptive_f64', { kind: 'Adaptive', stage1Epochs: 4, stage2Epochs: 5 }],
  ])('%s: rates within 1e-6 relative', (key, change) => {
    const schedule = createSchedule({ ...base, ...change });
    values(key).forEach((expected, epoch) => {
      expect(Math.abs(schedule.rate(epoch) / expected - 1)).toBeLessThan(1e-6);
    });
  });

  it.each<[string, Partial<ScheduleSpec>]>([
    ['plateau_default_f64', {}],
    [
      'plateau_thr_f64',
      { plateauFactor: 0.3, plateauPatience: 1, plateauMinRate: 1e-5, plateauThreshold: 1e-2 },
    ],
    ['plateau_min1e-4_f64', { plateauMinRate: 1e-4, plateauThreshold: 1e-4 }],
  ])('%s: the rate during each epoch', (key, change) => {
    const schedule = createSchedule({ ...base, kind: 'ReduceLROnPlateau', ...change });
    const expected = values(key);
    values('plateau_losses_f64').forEach((loss, epoch) => {
      expect(Math.abs(schedule.rate(epoch) / expected[epoch] - 1)).toBeLessThan(1e-6);
      schedule.observe(loss);
    });
  });

  describe('clipping', () => {
    const tensor = { fanIn: 1, fanOut: 1, role: 'kernel' as const };
    const layout = layoutOf([
      { name: 'a', shape: [2, 4], ...tensor },
      { name: 'b', shape: [4], ...tensor },
    ]);
    const pair = (a: string, b: string): Float32Array => Float32Array.from([...values(a), ...values(b)]);

    it.each<[string, ClippingSpec]>([
      ['clip_norm_1.0', { algorithm: 'norm', value: 1 }],
      ['clip_norm_1e6', { algorithm: 'norm', value: 1e6 }],
      ['clip_value_0.5', { algorithm: 'value', value: 0.5 }],
      ['clip_agc_0.01', { algorithm: 'agc', value: 0.01 }],
    ])('%s: entries within 1e-6 relative', (key, spec) => {
      const gradient = pair('clip_ga', 'clip_gb');
      const report = clipGradient(gradient, layout, spec, pair('clip_pa', 'clip_pb'));
      const expected = pair(`${key}_a`, `${key}_b`);
      gradient.forEach((value, i) => expect(Math.abs(value / expected[i] - 1)).toBeLessThan(1e-6));
      expect(report.normBefore / values('grad_norm_f64')[0]).toBeCloseTo(1, 6);
      expect(report.normAfter / euclideanNorm(expected)).toBeCloseTo(1, 6);
    });
  });
});
