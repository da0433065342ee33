import {
  clipGradient,
  createOptimizer,
  createSchedule,
  euclideanNorm,
  layoutOf,
  type ClippingSpec,
  type OptimizerSpec,
  type ScheduleSpec,
} from '@ptychofleet/params';
import { nearest, relativeDifference, type Checks } from '../comparison.ts';
import type { GoldenFile } from '../golden-file.ts';
import type { GoldenKind } from '../kind.ts';
import { tolerances } from '../tolerances.ts';

/** Learning-rate schedules, optimisers and gradient clipping (training spec §6, §7). */
export const schedules: GoldenKind = {
  name: 'schedules and optimisers',
  signature: 'base_lr_f64, or opt_p0 and opt_grads, or clip_ga and clip_gb',
  matches: (file) =>
    file.has('base_lr_f64') || file.has('opt_p0', 'opt_grads') || file.has('clip_ga', 'clip_gb'),
  check(file, checks) {
    if (file.has('base_lr_f64')) checkSchedules(file, checks);
    if (file.has('opt_p0', 'opt_grads')) checkOptimizers(file, checks);
    if (file.has('clip_ga', 'clip_gb')) checkClipping(file, checks);
    checks.leave(
      ['find_lr_f64'],
      'the rate does not change with the number of workers: they share a batch, so the result may not depend on them',
    );
  },
};

/** Optimisers by the end of their key; the read-me gives the defaults, the rest are the settings of its generator. */
const optimizers: Readonly<Record<string, Partial<OptimizerSpec>>> = {
  adam: {},
  adam_wd: { weightDecay: 0.1 },
  adamw: { kind: 'adamw' },
  adamw_wd: { kind: 'adamw', weightDecay: 0.1 },
  adam_betas: { beta1: 0.8, beta2: 0.95 },
  sgd: { kind: 'sgd' },
  sgd_m0: { kind: 'sgd', momentum: 0 },
  sgd_m0_wd: { kind: 'sgd', momentum: 0, weightDecay: 0.1 },
  sgd_wd: { kind: 'sgd', weightDecay: 0.1 },
};

/** Plateau settings by the end of their key (golden read-me). */
const plateaus: Readonly<Record<string, Partial<ScheduleSpec>>> = {
  default: {},
  thr: { plateauFactor: 0.3, plateauPatience: 1, plateauMinRate: 1e-5, plateauThreshold: 1e-2 },
  'min1e-4': { plateauMinRate: 1e-4, plateauThreshold: 1e-4 },
};

function checkSchedules(file: GoldenFile, checks: Checks): void {
  const base: ScheduleSpec = {
    kind: 'Default',
    baseRate: file.scalar('base_lr_f64'),
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
  const rates = (key: string, change: Partial<ScheduleSpec>) => {
    const schedule = createSchedule({ ...base, ...change });
    return Array.from(file.numbers(key), (_, epoch) => schedule.rate(epoch));
  };
  const compare = (key: string, change: Partial<ScheduleSpec>) =>
    checks.array(key, rates(key, change), tolerances.schedule);

  if (file.has('exponential_f64')) compare('exponential_f64', { kind: 'Exponential' });
  for (const [T, w, r] of file.captures(/^warmupcosine_T(\d+)_w(\d+)_r([\d.e-]+)_f64$/)) {
    const [epochs, warmupEpochs, minRatio] = [Number(T), Number(w), Number(r)];
    const key = `warmupcosine_T${T}_w${w}_r${r}_f64`;
    compare(key, { kind: 'WarmupCosine', epochs, warmupEpochs, minRatio });
    if (warmupEpochs > 0) continue;
    const annealing = rates(key, { kind: 'CosineAnnealing', epochs, minRatio });
    checks.array(key, annealing, tolerances.schedule, { name: `${key} as CosineAnnealing` });
  }
  for (const [a, b] of file.captures(/^multistage_(\d+)_(\d+)_\d+_f64$/)) {
    const [key] = file.keys.filter((name) => name.startsWith(`multistage_${a}_${b}_`));
    compare(key, { kind: 'MultiStage', stage1Epochs: Number(a), stage2Epochs: Number(b) });
  }
  if (file.has('adaptive_f64')) checkAdaptive(file, checks, rates);
  for (const [tag] of file.captures(/^plateau_(.+)_f64$/)) {
    if (!Object.hasOwn(plateaus, tag)) continue;
    const schedule = createSchedule({ ...base, kind: 'ReduceLROnPlateau', ...plateaus[tag] });
    const during = Array.from(file.numbers('plateau_losses_f64'), (loss) => {
      const rate = schedule.rate(0);
      schedule.observe(loss);
      return rate;
    });
    checks.array(`plateau_${tag}_f64`, during, tolerances.schedule);
  }
}

/** Stage and physics weight show in the rate only: 1, 0.5 - 0.4·weight and 0.1 of the base rate. */
function checkAdaptive(
  file: GoldenFile,
  checks: Checks,
  rates: (key: string, change: Partial<ScheduleSpec>) => number[],
): void {
  const stages = file.numbers('adaptive_stage_at_epoch');
  const length = (stage: number) => stages.filter((value) => value === stage).length;
  const [stage1Epochs, stage2Epochs] = [length(1), length(2)];
  const expected = file.numbers('adaptive_f64');
  const ours = nearest(
    (['linear', 'cosine'] as const).map(
      (physicsWeightSchedule) => () =>
        rates('adaptive_f64', { kind: 'Adaptive', stage1Epochs, stage2Epochs, physicsWeightSchedule }),
    ),
    (candidate) => relativeDifference(candidate, expected),
    tolerances.schedule.limit,
  );
  checks.array('adaptive_f64', ours, tolerances.schedule);
  const base = file.scalar('base_lr_f64');
  const weights = ours.map((rate, epoch) => {
    if (stages[epoch] !== 2) return stages[epoch] === 1 ? 0 : 1;
    return (0.5 - rate / base) / 0.4;
  });
  checks.array('adaptive_weight_at_epoch', weights, tolerances.coordinates);
}

function checkOptimizers(file: GoldenFile, checks: Checks): void {
  const [steps, size] = file.shapeOf('opt_grads', 2);
  const gradients = file.f32('opt_grads');
  const rate = file.scalar('opt_lr_f64');
  const defaults: OptimizerSpec = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, momentum: 0.9 }; // prettier-ignore
  for (const [tag] of file.captures(/^opt_(.+)$/)) {
    if (!Object.hasOwn(optimizers, tag)) continue;
    const weights = file.f32('opt_p0');
    const optimizer = createOptimizer({ ...defaults, ...optimizers[tag] }, size);
    const after = Array.from({ length: steps }, (_, step) => {
      optimizer.step(weights, gradients.slice(step * size, (step + 1) * size), rate);
      return [...weights];
    });
    checks.array(`opt_${tag}`, after.flat(), tolerances.optimizerStep);
  }
}

function checkClipping(file: GoldenFile, checks: Checks): void {
  const entry = (name: string, key: string) => {
    const shape = file.shape(key);
    return { name, shape, fanIn: 1, fanOut: 1, role: 'kernel' as const };
  };
  const layout = layoutOf([entry('a', 'clip_ga'), entry('b', 'clip_gb')]);
  const pair = (a: string, b: string) => Float32Array.from([...file.f32(a), ...file.f32(b)]);
  const weights = pair('clip_pa', 'clip_pb');
  const norm = clipGradient(
    pair('clip_ga', 'clip_gb'),
    layout,
    { algorithm: 'value', value: Infinity },
    weights,
  );
  if (file.has('grad_norm_f64')) checks.scalar('grad_norm_f64', norm.normBefore, tolerances.scale);
  for (const [algorithm, value] of file.captures(/^clip_(norm|value|agc)_(.+)_a$/)) {
    const gradient = pair('clip_ga', 'clip_gb');
    const spec = { algorithm: algorithm as ClippingSpec['algorithm'], value: Number(value) };
    const { normAfter } = clipGradient(gradient, layout, spec, weights);
    const size = layout.tensors[0].size;
    const after = euclideanNorm(pair(`clip_${algorithm}_${value}_a`, `clip_${algorithm}_${value}_b`));
    checks.values(`norm of clip_${algorithm}_${value}`, [normAfter], [after], tolerances.scale);
    checks.array(`clip_${algorithm}_${value}_a`, gradient.subarray(0, size), tolerances.optimizerStep);
    checks.array(`clip_${algorithm}_${value}_b`, gradient.subarray(size), tolerances.optimizerStep);
  }
}
