import { Fault } from '@ptychofleet/base';
import { trainingDataSection } from '../fields/data.ts';
import type { Field } from '../fields/field.ts';
import { trainingInputSection } from '../fields/input.ts';
import { registryOf } from '../fields/registry.ts';
import { emptyLevel, type Level } from '../levels/level.ts';
import { shown } from '../levels/shown.ts';
import { profileLevel } from '../profiles.ts';
import { Resolution, type AppliedOverride } from '../resolution.ts';
import { noEffect } from '../rule-fault.ts';
import { parseTrainingRunSpec, schemaVersion, type TrainingRunSpec } from '../run-spec.ts';
import { checkAgainstFile } from './check-against-file.ts';
import { inferTraining } from './infer-training.ts';
import { commandDefaultLevel, explicitLevels, settleAccelerator, type PayloadSources } from './levels.ts';
import type { DatasetHeader, FactoryPorts } from './ports.ts';
import { requireFile, requireInput } from './required-inputs.ts';

export interface TrainingPayloadRequest extends PayloadSources {
  readonly trainDataFile?: string;
  readonly testDataFile?: string;
  readonly outputDir?: string;
  readonly profile?: string;
}

export interface TrainingPayload {
  readonly spec: TrainingRunSpec;
  /** Paths, which stay out of the specification, so that its digest does not depend on a machine. */
  readonly inputs: {
    readonly trainDataFile: string;
    readonly testDataFile: string | null;
    readonly outputDir: string;
    readonly mlflowTrackingUri: string | null;
  };
  readonly header: DatasetHeader;
  readonly overridesApplied: readonly AppliedOverride[];
  readonly warnings: readonly string[];
}

/**
 * Everything about a training run, decided and checked before any pattern is read (spec configuration.md §7, §10).
 * Makes no folder and writes nothing; reads one file header through `ports`.
 * @throws Fault naming the field and where its value came from
 */
export function createTrainingPayload(request: TrainingPayloadRequest, ports: FactoryPorts): TrainingPayload {
  const { trainDataFile, testDataFile, outputDir, profile } = request;
  const explicit = explicitLevels('training', request, { trainDataFile, testDataFile, outputDir, profile });
  const inputs = inputsOf(new Resolution(explicit), ports);
  const chosen: readonly Level[] = [
    ...explicit,
    profileLevel(inputs.profile, inputs.profileSource),
    ...commandDefaultLevel('training', request),
  ];
  const stated = new Resolution(chosen);
  const { nGroups } = trainingDataSection.field;
  if (!stated.isExplicit(nGroups) && request.commandLine === undefined) {
    throw new Fault('invalid-input', 'n_groups is required: received nothing, pass nGroups in overrides', {
      field: nGroups.path,
      expected: nGroups.type.allowed,
    });
  }
  const header = ports.headers.read(inputs.trainDataFile);
  const inferred = inferTraining(stated, header, {
    file: inputs.trainDataFile,
    fromCommand: request.commandLine !== undefined,
  });
  const resolution = new Resolution([...chosen, { ...emptyLevel('inferred'), assignments: inferred }]);
  const acceleratorWarnings = settleAccelerator('training', resolution, ports);
  const spec = parseTrainingRunSpec({
    schemaVersion,
    kind: 'training',
    ...resolution.sections(registryOf('training')),
  });
  const mlflowTrackingUri = trackingUriOf(stated, spec);
  const warnings = checkAgainstFile(spec, resolution, header, inputs);
  return {
    spec,
    inputs: {
      trainDataFile: inputs.trainDataFile,
      testDataFile: inputs.testDataFile,
      outputDir: inputs.outputDir,
      mlflowTrackingUri,
    },
    header,
    overridesApplied: resolution.trail,
    warnings: [
      ...new Set([...chosen.flatMap((level) => level.warnings), ...acceleratorWarnings, ...warnings]),
    ],
  };
}

/** @throws Fault for a server that nothing would be sent to; the environment may name one for all runs of a shell */
function trackingUriOf(stated: Resolution, { execution }: TrainingRunSpec): string | null {
  const { mlflowTrackingUri } = trainingInputSection.field;
  const uri = stated.get(mlflowTrackingUri);
  const used = execution.loggerBackend?.split(',').includes('mlflow') === true;
  if (used || uri === null) return uri;
  if (stated.levelOf(mlflowTrackingUri) === 'environment') return null;
  throw noEffect(
    mlflowTrackingUri.path,
    uri,
    'execution.loggerBackend',
    execution.loggerBackend,
    'include mlflow',
  );
}

interface TrainingInputs {
  readonly trainDataFile: string;
  readonly testDataFile: string | null;
  readonly outputDir: string;
  readonly profile: string;
  readonly profileSource: string;
}

function inputsOf(stated: Resolution, { files }: FactoryPorts): TrainingInputs {
  const { trainDataFile, testDataFile, outputDir, profile } = trainingInputSection.field;
  const named = scanOfFolder(stated, files) ?? stated.get(trainDataFile);
  const train = requireInput(named, 'trainDataFile', '--train_data_file');
  const test = stated.get(testDataFile);
  requireFile(files, train, 'Training data file not found', stated.sourceOf(trainDataFile));
  if (test !== null) requireFile(files, test, 'Test data file not found', stated.sourceOf(testDataFile));
  return {
    trainDataFile: train,
    testDataFile: test,
    outputDir: stated.get(outputDir),
    profile: stated.get(profile),
    profileSource: stated.sourceOf(profile),
  };
}

/**
 * The scan that the older interface's folder stands for. Which interface is meant is told by what is given, never by its
 * order (spec cli.md §6).
 * @throws Fault for both interfaces together, and for a folder that does not hold exactly one scan
 */
function scanOfFolder(stated: Resolution, files: FactoryPorts['files']): string | null {
  const { ptychoDir, trainDataFile, outputDir } = trainingInputSection.field;
  const folder = stated.get(ptychoDir);
  if (folder === null) return null;
  const source = stated.sourceOf(ptychoDir);
  const refuse = (why: string, expected: string): Fault =>
    new Fault('invalid-input', why, { field: ptychoDir.path, received: shown(folder), expected });
  const advice = 'name the scan with --train_data_file';
  const other = [trainDataFile, outputDir].find((field: Field) => stated.isExplicit(field));
  if (other !== undefined) {
    const both = `${source} and ${stated.sourceOf(other)}`;
    throw refuse(`${both} belong to two interfaces; leave ${source} out and ${advice}`, 'one interface');
  }
  const scans = files.scansIn?.(folder) ?? null;
  if (scans === null)
    throw refuse(`${source}: ${shown(folder)} is no folder that can be read; ${advice}`, 'a folder');
  const [only, ...more] = scans;
  if (only !== undefined && more.length === 0) return only;
  throw refuse(
    `${source}: ${shown(folder)} holds ${scans.length} scans, expected one .npz file, since a run has one scan; ${advice}`,
    'a folder with one scan',
  );
}
