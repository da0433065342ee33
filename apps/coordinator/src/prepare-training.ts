import { digestOf, Fault } from '@ptychofleet/base';
import { legacySnapshot, bundleFileName, writeBundle } from '@ptychofleet/bundle';
import { decisiveParts, type ModelSpec, type TrainingRunSpec } from '@ptychofleet/config';
import {
  encodePrepared,
  groupScan,
  prepareScan,
  subsampleScan,
  type PreparedScan,
  type ScanDataset,
} from '@ptychofleet/data';
import { initialWeights, networkTensors } from '@ptychofleet/model';
import { layoutOf, type OptimizerSpec, type ScheduleSpec } from '@ptychofleet/params';
import type { TrainingPlan } from '@ptychofleet/run';
import type { JsonObject } from '@ptychofleet/wire';
import type { EpochSummary, MadeFile } from './job.ts';
import { TrainingJob } from './training-job.ts';
import type { PublishedScan, TrainingSettings } from './training-settings.ts';

export interface DatasetDigests {
  readonly dataset: string;
  readonly validation: string | null;
}

/** From a resolved specification and its scans to a job: groups, global scales, first weights. */
export async function prepareTraining(
  spec: TrainingRunSpec,
  scan: ScanDataset,
  validation: ScanDataset | null,
  digests: DatasetDigests,
  about: Pick<TrainingSettings, 'numerics' | 'hands' | 'stopAfterStep' | 'genesis'>,
): Promise<TrainingJob> {
  await Promise.resolve();
  const { model, training } = spec;
  const warnings = [...scan.warnings, ...(validation?.warnings ?? [])];
  const published = publish(prepare(spec, scan, warnings, null));
  const checked = validation === null ? null : publish(prepare(spec, validation, warnings, published.scan));
  const layout = layoutOf(networkTensors(model));
  const { probeNormalization, targetAmplitude } = spec.data;
  const init = {
    kind: training.initialization,
    seed: training.seed,
    ...(probeNormalization === 'target' ? { amplitudeStart: targetAmplitude } : {}),
  };
  const plan: TrainingPlan = {
    kind: 'training',
    groupCount: published.scan.groupCount,
    validationGroupCount: checked?.scan.groupCount ?? 0,
    batchSize: training.batchSize,
    virtualShards: training.virtualShards,
    epochs: training.epochs,
    seed: training.seed,
    sequential: spec.data.sequentialSampling,
    accumulationSteps: training.accumSteps,
  };
  const { gradientClipVal } = training;
  const { logGradNorm, gradNormLogFreq } = spec.execution;
  return new TrainingJob({
    plan,
    model,
    loss: spec.loss,
    layout,
    firstWeights: () => initialWeights(layout, init, model),
    optimizer: optimizerOf(training),
    schedule: scheduleOf(training),
    clipping:
      gradientClipVal === null ? null : { algorithm: training.gradientClipAlgorithm, value: gradientClipVal },
    earlyStopping: { patience: training.earlyStopPatience, mode: 'min' },
    gradientNormEvery: logGradNorm ? gradNormLogFreq : null,
    scan: published,
    validation: checked,
    warnings,
    identity: { spec: decisiveParts(spec), dataset: digests.dataset, validation: digests.validation },
    ...about,
    publish: (final, history, by) => makeFiles(spec, published.scan, digests, by, final, history),
  });
}

function prepare(
  spec: TrainingRunSpec,
  whole: ScanDataset,
  warnings: string[],
  trained: PreparedScan | null,
): PreparedScan {
  const { data, model } = spec;
  const seed = data.subsampleSeed ?? spec.training.seed;
  const scan = subsampleScan(whole, data.nSubsample, seed);
  if (scan.N !== model.N) {
    throw new Fault(
      'invalid-input',
      `model.N: received ${model.N}, expected ${scan.N}, the side of the scan's patterns`,
    );
  }
  const groups = groupScan(
    scan.x,
    scan.y,
    {
      gridsize: model.gridsize,
      groupCount: Math.min(data.nGroups, trained === null ? Infinity : Math.max(scan.n, 1)),
      neighborCount: data.neighborCount,
      seed,
      sequential: data.sequentialSampling,
      enableOversampling: data.enableOversampling,
      neighborPoolSize: data.neighborPoolSize,
    },
    (sentence) => warnings.push(sentence),
  );
  const labelled = labelPurpose(spec);
  if (labelled.labelsFor !== undefined && scan.labels === undefined && scan.object !== null) {
    warnings.push('the scan holds no labels, so they are cut from its object at the scan positions');
  }
  return prepareScan(scan, groups, {
    gridsize: model.gridsize,
    nphotons: data.nphotons,
    probeScale: effectiveProbeScale(model),
    probeNormalization: data.probeNormalization,
    targetAmplitude: data.targetAmplitude,
    ...labelled,
    // One loss normaliser and one probe for the whole run: validation is measured with training's.
    ...(trained === null
      ? {}
      : { scales: { probeFactor: trained.scales.probeFactor, meanAmplitude: trained.scales.meanAmplitude } }),
  });
}

/** What the model divides the installed probe by: a gain on the prediction is a brighter probe (model spec §8). */
export function effectiveProbeScale({ probeScale, amplitudePhysicsGain }: ModelSpec): number {
  return probeScale / amplitudePhysicsGain;
}

function labelPurpose({ model, loss }: TrainingRunSpec): { labelsFor?: string } {
  if (model.modelType === 'supervised') return { labelsFor: 'model.modelType supervised' };
  return loss.realspaceMaeWeight > 0 ? { labelsFor: 'loss.realspaceMaeWeight' } : {};
}

export function publish(scan: PreparedScan): PublishedScan {
  const bytes = encodePrepared(scan);
  return { scan, bytes, digest: digestOf(bytes) };
}

function optimizerOf(training: TrainingRunSpec['training']): OptimizerSpec {
  return {
    kind: training.optimizer,
    beta1: training.adamBeta1,
    beta2: training.adamBeta2,
    epsilon: training.adamEpsilon,
    weightDecay: training.weightDecay,
    momentum: training.momentum,
  };
}

function scheduleOf(training: TrainingRunSpec['training']): ScheduleSpec {
  return {
    kind: training.scheduler,
    baseRate: training.learningRate,
    epochs: training.epochs,
    warmupEpochs: training.lrWarmupEpochs,
    minRatio: training.lrMinRatio,
    plateauFactor: training.plateauFactor,
    plateauPatience: training.plateauPatience,
    plateauMinRate: training.plateauMinLr,
    plateauThreshold: training.plateauThreshold,
    stage1Epochs: training.stage1Epochs,
    stage2Epochs: training.stage2Epochs,
    stage3Factor: training.stage3LrFactor,
    physicsWeightSchedule: training.physicsWeightSchedule,
  };
}

async function makeFiles(
  spec: TrainingRunSpec,
  scan: PreparedScan,
  digests: DatasetDigests,
  numerics: JsonObject,
  weights: Float32Array,
  history: readonly EpochSummary[],
): Promise<readonly MadeFile[]> {
  const { model, loss, data, training } = spec;
  const { scales } = scan;
  const flat = {
    ...model,
    ...loss,
    ...data,
    ...training,
    nepochs: training.epochs,
    torchLossMode: loss.kind,
  };
  const bytes = await writeBundle({
    model,
    layout: layoutOf(networkTensors(model)),
    weights,
    params: legacySnapshot({ ...flat, backend: 'ptychofleet' }, scales.physics),
    scaling: {
      amplitude_scale: scales.amplitude,
      physics_scale: scales.physics,
      probe_factor: scales.probeFactor,
      mean_amplitude: scales.meanAmplitude,
      probe_normalization: data.probeNormalization,
      target_amplitude: data.targetAmplitude,
    },
    provenance: {
      spec: decisiveParts(spec) as JsonObject,
      dataset: digests.dataset,
      validation_dataset: digests.validation,
      // Optimiser updates: the batches of an epoch, accumSteps at a time.
      steps:
        history.length * Math.ceil(Math.ceil(scan.groupCount / training.batchSize) / training.accumSteps),
      epochs: history.map(({ trainLoss, validationLoss, learningRate, weightsDigest }) => ({
        train_loss: trainLoss,
        validation_loss: validationLoss,
        learning_rate: learningRate,
        weights: weightsDigest,
      })),
      numerics,
    },
  });
  return [{ name: bundleFileName, bytes }];
}
