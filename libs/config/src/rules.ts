import { inferenceSections, trainingSections } from './fields/registry.ts';
import type { Field } from './fields/field.ts';
import { checkCheckpoints } from './checkpoint-rules.ts';
import { checkLoss } from './loss-rules.ts';
import { checkModel } from './model-rules.ts';
import { channelsOf } from './model-spec.ts';
import { shown } from './levels/shown.ts';
import { noEffect, ruleFault } from './rule-fault.ts';
import type { InferenceRunSpec, RunSpec, TrainingRunSpec } from './run-spec.ts';

/**
 * What fields have to keep among themselves; every specification passes here, whoever made it.
 * @throws Fault naming the field and how to mend it
 */
export function checkRules(spec: RunSpec): void {
  checkEffects(spec);
  if (spec.kind === 'training') checkTraining(spec);
  else checkInference(spec);
}

function checkTraining(spec: TrainingRunSpec): void {
  const { model, data, training } = spec;
  checkModel(spec);
  checkLoss(spec);
  checkCheckpoints(spec);
  const channels = channelsOf(model);
  if (data.neighborCount < channels) {
    throw ruleFault('data.neighborCount', data.neighborCount, `at least gridsize² = ${channels}`);
  }
  checkPool(data, channels);
  const { batchSize, virtualShards, scheduler, lrWarmupEpochs, epochs, stage1Epochs } = training;
  if (virtualShards > batchSize) {
    throw ruleFault(
      'training.virtualShards',
      virtualShards,
      `at most training.batchSize = ${batchSize}, since every shard takes an equal part of the batch`,
    );
  }
  if (lrWarmupEpochs > epochs) {
    throw ruleFault('training.lrWarmupEpochs', lrWarmupEpochs, `at most training.epochs = ${epochs}`);
  }
  if ((scheduler === 'MultiStage' || scheduler === 'Adaptive') && stage1Epochs === 0) {
    throw ruleFault('training.stage1Epochs', 0, `at least 1 with training.scheduler = ${scheduler}`);
  }
}

function checkInference({ data, inference }: InferenceRunSpec): void {
  const { phaseVmin, phaseVmax } = inference;
  if (phaseVmin !== null && phaseVmax !== null && phaseVmin >= phaseVmax)
    throw ruleFault('inference.phaseVmin', phaseVmin, `below inference.phaseVmax = ${phaseVmax}`);
  checkPool(data, 1);
  for (const key of ['stitchCrop', 'middleTrim'] as const) {
    const side = inference[key];
    if (side > data.N)
      throw ruleFault(`inference.${key}`, side, `at most the pattern side data.N = ${data.N}`);
    if (side % 2 !== 0)
      throw ruleFault(`inference.${key}`, side, 'an even number, since the crop is central');
  }
}

function checkPool(
  { neighborPoolSize }: { readonly neighborPoolSize: number | null },
  channels: number,
): void {
  if (neighborPoolSize !== null && neighborPoolSize < channels) {
    throw ruleFault('data.neighborPoolSize', neighborPoolSize, `at least gridsize² = ${channels}`);
  }
}

/** Whether the decisive field's value gives the field an effect. */
export function applies(condition: NonNullable<Field['onlyWith']>, decisive: unknown): boolean {
  const { in: among, notIn, including } = condition;
  if (including !== undefined) return typeof decisive === 'string' && decisive.split(',').includes(including);
  return among?.includes(decisive) ?? !notIn?.includes(decisive);
}

/** No value without effect: a parameter of something that is not chosen is a mistake of the caller. */
function checkEffects(spec: RunSpec): void {
  const sections = Object.values(spec.kind === 'training' ? trainingSections : inferenceSections);
  for (const { name, fields } of sections as readonly { name: string; fields: readonly Field[] }[]) {
    const values = (spec as unknown as Record<string, Readonly<Record<string, unknown>>>)[name] ?? {};
    for (const field of fields) {
      const condition = field.onlyWith;
      if (condition === undefined || values[field.key] === field.default) continue;
      const decisive = values[condition.key];
      if (applies(condition, decisive)) continue;
      const wanted = condition.in?.map(shown).join(' or ') ?? condition.including ?? 'a value';
      throw noEffect(field.path, values[field.key], `${name}.${condition.key}`, decisive, wanted);
    }
  }
}
