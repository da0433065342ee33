import type { Field } from '../fields/field.ts';
import { trainingDataSection } from '../fields/data.ts';
import { modelSection } from '../fields/model.ts';
import { lossSection } from '../fields/loss.ts';
import { trainingSection } from '../fields/training.ts';
import { assignment, type Assignment } from '../levels/level.ts';
import { channelsOf } from '../model-spec.ts';
import type { Resolution } from '../resolution.ts';
import type { DatasetHeader } from './ports.ts';

export interface InferenceContext {
  readonly file: string;
  /** A command asks: it follows upstream's command line where that differs from upstream's library. */
  readonly fromCommand: boolean;
}

// Mean object amplitude that each activation's head learns well from the start that `he` gives it (docs/fidelity.md).
const targetAmplitudes = { swish: 1, relu: 1, sigmoid: 0.5, softplus: 1 } as const;
/** Rate for batches of 4 at width 1: wider networks need proportionally less, larger batches take more (docs/fidelity.md). */
const rateAtWidthOne = 2.4e-4;
const batchOfRate = 4;

/**
 * Values that follow from the data file and from other fields, for fields that nobody stated.
 * They beat profiles and defaults (docs/adr/0002-precedence.md).
 */
export function inferTraining(
  stated: Resolution,
  header: DatasetHeader,
  { file, fromCommand }: InferenceContext,
): readonly Assignment[] {
  const model = modelSection.field;
  const data = trainingDataSection.field;
  const training = trainingSection.field;
  const inferred: Assignment[] = [];
  const infer = (field: Field, value: unknown, source: string): void => {
    if (!stated.isExplicit(field)) inferred.push(assignment({ field, scope: 'own' }, value, source, 'typed'));
  };

  infer(model.N, header.N, `probe of ${file}`);
  if (header.nphotons !== null) infer(data.nphotons, header.nphotons, `metadata of ${file}`);

  // Labels are compared by absolute differences, the only loss that supervised training has.
  const supervised = stated.get(model.modelType) === 'supervised';
  if (supervised) {
    infer(lossSection.field.kind, 'mae', 'modelType supervised');
    // A profile may say otherwise; labels are not measured in amplitudes.
    if (stated.get(lossSection.field.normalizer) !== 'run')
      infer(lossSection.field.normalizer, 'run', 'modelType supervised');
  }

  const gridsize = stated.get(model.gridsize);
  const channels = channelsOf({ gridsize });
  if (fromCommand) infer(model.objectBig, gridsize > 1, `gridsize ${gridsize}`);
  // A profile may state the canvas of merged groups; where nothing is merged it says nothing.
  const objectBig = (fromCommand && !stated.isExplicit(model.objectBig)) || stated.get(model.objectBig);
  const merged = gridsize > 1 && objectBig && !supervised;
  if (!merged && stated.get(model.maxNeighborDistance) !== null)
    infer(model.maxNeighborDistance, null, 'groups that are not merged');
  if (stated.get(data.neighborCount) < channels) infer(data.neighborCount, channels, `gridsize ${gridsize}`);

  // More groups than patterns is an error for grouped training; the command's default must not run into it.
  const available = Math.min(header.n, stated.get(data.nSubsample) ?? header.n);
  if (fromCommand && !stated.get(data.enableOversampling) && stated.get(data.nGroups) > available) {
    infer(data.nGroups, available, `${available} patterns of ${file}`);
  }

  const batchSize = stated.get(training.batchSize);
  if (stated.get(training.virtualShards) > batchSize)
    infer(training.virtualShards, batchSize, `batchSize ${batchSize}`);

  if (stated.get(training.initialization) === 'he') inferRecipe(stated, batchSize, infer);

  const activation = stated.get(model.ampActivation);
  if (stated.get(data.probeNormalization) === 'target') {
    infer(data.targetAmplitude, targetAmplitudes[activation], `ampActivation ${activation}`);
  }
  return inferred;
}

/** The rest of the recipe that begins with `he` weights (docs/fidelity.md), as far as the chosen optimiser and schedule have it. */
function inferRecipe(
  stated: Resolution,
  batchSize: number,
  infer: (field: Field, value: unknown, source: string) => void,
): void {
  const training = trainingSection.field;
  const width = stated.get(modelSection.field.nFiltersScale);
  const rate = (rateAtWidthOne / width) * Math.sqrt(batchSize / batchOfRate);
  // Two digits are what is known, and what a person can read.
  infer(training.learningRate, Number(rate.toPrecision(2)), `nFiltersScale ${width}, batchSize ${batchSize}`);
  const start = 'initialization he';
  if (stated.get(training.optimizer) !== 'sgd') infer(training.adamBeta2, 0.95, start);
  const cosine = ['WarmupCosine', 'CosineAnnealing'].includes(stated.get(training.scheduler));
  if (cosine) infer(training.lrMinRatio, 0.01, start);
}
