import { join } from 'node:path';
import { Fault, hexOf } from '@ptychofleet/base';
import { writeFileAtomic } from '@ptychofleet/store';
import type { TrainingPayload } from '@ptychofleet/config';
import { formatSeconds, type Reporter } from '@ptychofleet/telemetry';
import {
  toStruct,
  type CoordinatorClient,
  type JsonObject,
  type Run,
  type RunEvent__Output as RunEvent,
} from '@ptychofleet/wire';
import { CheckpointFolder, readCheckpoint } from './checkpoints.ts';
import { prepareOutput, readScan, type ScanInput } from './files.ts';
import { followRun, sendScan, submit, type FollowedRun } from './follow-run.ts';
import { checkTrainingLog, logFiles, openTrainingLog } from './training-log.ts';
import { printResult, reporterOfRun, type OutputOptions } from './output.ts';
import { lossPicture } from './pictures.ts';
import { withFleet, workerCount, type FleetChoice } from './with-fleet.ts';

export const bundleName = 'wts.h5.zip';

/** Files a finished training leaves in its folder. */
export interface TrainedFiles {
  readonly bundle: string;
  readonly bundleDigest: string;
  readonly followed: FollowedRun;
}

/** The scans of a training run, checked; what they hold is left to the coordinator. */
export interface TrainingScans {
  readonly training: Omit<ScanInput, 'scan'>;
  readonly validation: Omit<ScanInput, 'scan'> | null;
}

export async function readTrainingScans({ inputs }: TrainingPayload): Promise<TrainingScans> {
  const read = async (field: string, path: string): Promise<TrainingScans['training']> => {
    const { name, bytes } = await readScan(field, path);
    return { name, bytes };
  };
  return {
    training: await read('--train_data_file', inputs.trainDataFile),
    validation: inputs.testDataFile === null ? null : await read('--test_data_file', inputs.testDataFile),
  };
}

/** What there is to say and to go on from, should the command be interrupted. */
interface Underway {
  /** What `--resume` named. */
  readonly resume: string | null;
  runId: string | null;
  checkpoints: CheckpointFolder | null;
}

/**
 * Sends scans, specification and the checkpoint to go on from.
 * @param stopAfterStep counted from 1; 0 for the whole run
 */
export async function submitTraining(
  client: CoordinatorClient,
  { spec }: TrainingPayload,
  scans: TrainingScans,
  checkpoint: Uint8Array | null,
  stopAfterStep = 0,
): Promise<Run> {
  return submit(client, {
    datasetDigest: await sendScan(client, scans.training),
    validationDigest: scans.validation === null ? '' : await sendScan(client, scans.validation),
    checkpointDigest: checkpoint === null ? '' : await client.uploadCheckpoint(checkpoint),
    modelDigest: '',
    spec: toStruct(spec as unknown as JsonObject),
    stopAfterStep,
  });
}

/** Sends scans and specification, follows the run, fetches the bundle. */
export async function trainOn(
  client: CoordinatorClient,
  payload: TrainingPayload,
  scans: TrainingScans,
  reporter: Reporter,
  interrupt: AbortSignal,
  checkpoint: Uint8Array | null = null,
  underway: Underway = { resume: null, runId: null, checkpoints: null },
): Promise<TrainedFiles> {
  const { outputDir, mlflowTrackingUri } = payload.inputs;
  const run = await submitTraining(client, payload, scans, checkpoint);
  for (const warning of run.warnings) reporter.warn(warning);
  const { loggerBackend: backends } = payload.spec.execution;
  const place = { outputDir, runId: run.runId, spec: payload.spec, trackingUri: mlflowTrackingUri };
  const log = openTrainingLog({ backends, ...place }, (text) => reporter.warn(text));
  const checkpoints = new CheckpointFolder(client, run.runId, outputDir);
  underway.runId = run.runId;
  underway.checkpoints = checkpoints;
  try {
    // From now on, so that an interrupted run has a record to go on from.
    await writeRecord(payload, run);
    const announced = (event: RunEvent): void => {
      if (event.event === 'artifactReady') checkpoints.changed();
    };
    const followed = await followRun(client, run.runId, reporter, log, announced, interrupt);
    await checkpoints.settled();
    const files = await fetchFiles(client, payload, followed);
    logFiles(log, outputDir, [bundleName, 'loss.png', 'run.json']);
    await log.close('succeeded');
    return files;
  } catch (error) {
    await log.close(interrupt.aborted ? 'interrupted' : 'failed');
    throw error;
  }
}

/** Brings the bundle of a finished run here, paints its losses and writes its record. */
async function fetchFiles(
  client: CoordinatorClient,
  payload: TrainingPayload,
  followed: FollowedRun,
): Promise<TrainedFiles> {
  const { outputDir } = payload.inputs;
  const { runId } = followed.run;
  const bundle = join(outputDir, bundleName);
  const artifact = followed.run.artifacts.find(({ name }) => name === bundleName);
  await writeFileAtomic(bundle, await client.downloadArtifact(runId, bundleName, artifact?.digest));
  const loss = lossPicture(followed.epochs);
  await writeFileAtomic(join(outputDir, loss.name), loss.bytes);
  for (const name of ['ledger.jsonl', 'ledger-workers.jsonl'])
    await writeFileAtomic(join(outputDir, name), await client.downloadArtifact(runId, name));
  await writeRecord(payload, followed.run);
  return { bundle, bundleDigest: artifact?.digest ?? '', followed };
}

/** `run.json`: what was decided and how far it came; `--config` takes it. */
async function writeRecord({ spec, inputs, overridesApplied }: TrainingPayload, run: Run): Promise<void> {
  const record = { ...run, spec, inputs, overrides_applied: overridesApplied };
  const text = `${JSON.stringify(record, null, 2)}\n`;
  await writeFileAtomic(join(inputs.outputDir, 'run.json'), new TextEncoder().encode(text));
}

/** Says with which command an interrupted run is followed or goes on. */
function withNextCommand(
  outputDir: string,
  coordinator: string | null,
  { resume, runId, checkpoints }: Underway,
  error: unknown,
): unknown {
  if (!(error instanceof Fault) || error.kind !== 'interrupted') return error;
  const interrupted = (text: string): Fault => new Fault('interrupted', `interrupted; ${text}`);
  if (coordinator !== null && runId !== null) {
    const there = `--coordinator ${coordinator}`;
    return interrupted(
      `the fleet goes on with it; see it with: ptychofleet watch ${runId} ${there}, end it with: ptychofleet cancel ${runId} ${there}`,
    );
  }
  const from = checkpoints?.canGoOn === true ? outputDir : resume;
  if (from === null) return interrupted('there is no checkpoint yet, start again with the same command');
  const record = join(outputDir, 'run.json');
  return interrupted(
    `go on from the last checkpoint with: ptychofleet train --config ${record} --resume ${from}`,
  );
}

/** The `train` command after its arguments have been resolved. */
export async function train(
  payload: TrainingPayload,
  fleet: Omit<FleetChoice, 'logFolder' | 'execution'>,
  output: OutputOptions,
  interrupt: AbortSignal,
  resume: string | null = null,
): Promise<void> {
  workerCount(fleet);
  const { loggerBackend: backends } = payload.spec.execution;
  checkTrainingLog({ backends, trackingUri: payload.inputs.mlflowTrackingUri });
  const { outputDir, trainDataFile } = payload.inputs;
  const scans = await readTrainingScans(payload);
  const checkpoint = resume === null ? null : await readCheckpoint(resume, outputDir);
  const underway: Underway = { resume, runId: null, checkpoints: null };
  await prepareOutput(outputDir);
  const reporter = reporterOfRun(payload.spec.execution, output, 'step');
  for (const warning of payload.warnings) reporter.warn(warning);
  const started = performance.now();
  const files = await withFleet(
    { ...fleet, logFolder: join(outputDir, 'logs'), execution: payload.spec.execution },
    interrupt,
    (client) => trainOn(client, payload, scans, reporter, interrupt, checkpoint, underway),
  ).catch((error: unknown) => {
    throw withNextCommand(outputDir, fleet.coordinator, underway, error);
  });
  const seconds = (performance.now() - started) / 1000;
  const last = files.followed.epochs.at(-1);
  const record = {
    type: 'result',
    command: 'train',
    runId: files.followed.run.runId,
    bundle: files.bundle,
    sha256: hexOf(files.bundleDigest),
    loss: last?.trainLoss ?? null,
    epochs: files.followed.epochs.length,
    seconds,
  };
  printResult(output, record, [
    `wrote ${files.bundle}`,
    `  sha256 ${record.sha256}`,
    `  ${record.epochs} epochs in ${formatSeconds(seconds)}, loss curve in ${join(outputDir, 'loss.png')}`,
    `next: ptychofleet infer --model_path ${outputDir} --test_data ${trainDataFile} --output_dir ${join(outputDir, 'rec')}`,
  ]);
}
