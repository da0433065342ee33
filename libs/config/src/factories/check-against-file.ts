import { Fault } from '@ptychofleet/base';
import { trainingDataSection } from '../fields/data.ts';
import { trainingSection } from '../fields/training.ts';
import { channelsOf } from '../model-spec.ts';
import type { Resolution } from '../resolution.ts';
import type { TrainingRunSpec } from '../run-spec.ts';
import type { DatasetHeader } from './ports.ts';

/**
 * What the specification and the file header tell together.
 * @returns one sentence for each thing that is odd but possible
 * @throws Fault for what cannot work with this file
 */
export function checkAgainstFile(
  spec: TrainingRunSpec,
  resolution: Resolution,
  header: DatasetHeader,
  inputs: { readonly trainDataFile: string; readonly testDataFile: string | null },
): readonly string[] {
  const { model, data } = spec;
  const { trainDataFile } = inputs;
  const warnings: string[] = [];
  const channels = channelsOf(model);
  const nSubsample = data.nSubsample ?? header.n;
  const available = Math.min(header.n, nSubsample);
  const { nGroups } = trainingDataSection.field;

  if (channels > 1 && available < channels) {
    throw new Fault(
      'invalid-input',
      `model.gridsize: received ${model.gridsize}, but a group of ${channels} needs as many patterns and only ${available} are there; use --gridsize 1`,
      { field: 'model.gridsize', received: String(model.gridsize) },
    );
  }
  if (data.nGroups > available && !(channels > 1 && data.enableOversampling)) {
    if (channels > 1) {
      throw new Fault(
        'invalid-input',
        `${nGroups.path}: received ${data.nGroups} (${resolution.sourceOf(nGroups)}), expected at most the ${available} patterns of ${trainDataFile}; lower it or set --enable-oversampling`,
        { field: nGroups.path, received: String(data.nGroups), expected: `at most ${available}` },
      );
    }
    warnings.push(
      `nGroups is ${data.nGroups}, but ${trainDataFile} has ${available} patterns to offer, so each is used once`,
    );
  }
  if (data.nSubsample !== null && data.nSubsample < data.nGroups * channels) {
    warnings.push(
      `nSubsample ${data.nSubsample} is less than nGroups·gridsize² = ${data.nGroups * channels}, so patterns are used more than once`,
    );
  }
  if (model.N !== header.N) {
    warnings.push(
      `N is stated as ${model.N}, but the probe of ${trainDataFile} has ${header.N} pixels a side`,
    );
  }
  requireLabels(spec, header, trainDataFile);
  requireValidation(resolution, spec, inputs.testDataFile);
  return warnings;
}

/** @throws Fault for a loss that compares with labels where the file is known to have none */
function requireLabels({ model, loss }: TrainingRunSpec, header: DatasetHeader, file: string): void {
  if (header.hasLabels !== false) return;
  const supervised = model.modelType === 'supervised';
  if (!supervised && loss.realspaceMaeWeight === 0) return;
  const path = supervised ? 'model.modelType' : 'loss.realspaceMaeWeight';
  const received = supervised ? 'supervised' : String(loss.realspaceMaeWeight);
  const names = 'label_amp and label_phase, label, Y or objectGuess';
  throw new Fault(
    'invalid-input',
    `${path}: ${received} needs labels (DATA-SUP-001), but ${file} has none; add ${names} to it or ${supervised ? 'use pinn' : 'leave it at 0'}`,
    { field: path, received, expected: names },
  );
}

/** @throws Fault for a setting that listens to a validation loss when there is none */
function requireValidation(resolution: Resolution, spec: TrainingRunSpec, testDataFile: string | null): void {
  if (testDataFile !== null) return;
  const { earlyStopPatience, scheduler } = trainingSection.field;
  const listening = [
    ...(spec.training.earlyStopPatience === earlyStopPatience.default ? [] : [earlyStopPatience]),
    ...(spec.training.scheduler === 'ReduceLROnPlateau' ? [scheduler] : []),
  ][0];
  if (listening === undefined) return;
  throw new Fault(
    'invalid-input',
    `${listening.path}: ${String(resolution.get<unknown>(listening))} (${resolution.sourceOf(listening)}) follows the validation loss, but there is no validation data; give --test_data_file or leave it out`,
    { field: listening.path, expected: 'validation data' },
  );
}
