import { join } from 'node:path';
import { writeFileAtomic } from '@ptychofleet/store';
import type { TrainingPayload } from '@ptychofleet/config';
import { formatSeconds, type Reporter } from '@ptychofleet/telemetry';
import { toStruct, type CoordinatorClient, type JsonObject } from '@ptychofleet/wire';
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

/** Sends scans and specification, follows the run, fetches the bundle. */
export async function trainOn(
  client: CoordinatorClient,
  payload: TrainingPayload,
  scans: TrainingScans,
  reporter: Reporter,
  interrupt: AbortSignal,
): Promise<TrainedFiles> {
  const { outputDir, mlflowTrackingUri } = payload.inputs;
  const datasetDigest = await sendScan(client, scans.training);
  const validationDigest = scans.validation === null ? '' : await sendScan(client, scans.validation);
  const spec = toStruct(payload.spec as unknown as JsonObject);
  const run = await submit(client, { spec, datasetDigest, validationDigest, modelDigest: '' });
  for (const warning of run.warnings) reporter.warn(warning);
  const { loggerBackend: backends } = payload.spec.execution;
  const place = { outputDir, runId: run.runId, spec: payload.spec, trackingUri: mlflowTrackingUri };
  const log = openTrainingLog({ backends, ...place }, (text) => reporter.warn(text));
  try {
    const followed = await followRun(client, run.runId, reporter, log);
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
  await writeFileAtomic(bundle, await client.downloadArtifact(runId, bundleName));
  const loss = lossPicture(followed.epochs);
  await writeFileAtomic(join(outputDir, loss.name), loss.bytes);
  const { spec: frozen, inputs, overridesApplied } = payload;
  const record = { ...followed.run, spec: frozen, inputs, overrides_applied: overridesApplied };
  await writeFileAtomic(
    join(outputDir, 'run.json'),
    new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`),
  );
  return { bundle, bundleDigest: artifact?.digest ?? '', followed };
}

/** The `train` command after its arguments have been resolved. */
export async function train(
  payload: TrainingPayload,
  fleet: Omit<FleetChoice, 'logFolder' | 'execution'>,
  output: OutputOptions,
  interrupt: AbortSignal,
): Promise<void> {
  workerCount(fleet);
  const { loggerBackend: backends } = payload.spec.execution;
  checkTrainingLog({ backends, trackingUri: payload.inputs.mlflowTrackingUri });
  const { outputDir, trainDataFile } = payload.inputs;
  const scans = await readTrainingScans(payload);
  await prepareOutput(outputDir);
  const reporter = reporterOfRun(payload.spec.execution, output, 'step');
  for (const warning of payload.warnings) reporter.warn(warning);
  const started = performance.now();
  const files = await withFleet(
    { ...fleet, logFolder: join(outputDir, 'logs'), execution: payload.spec.execution },
    interrupt,
    (client) => trainOn(client, payload, scans, reporter, interrupt),
  );
  const seconds = (performance.now() - started) / 1000;
  const last = files.followed.epochs.at(-1);
  const record = {
    type: 'result',
    command: 'train',
    runId: files.followed.run.runId,
    bundle: files.bundle,
    sha256: files.bundleDigest.replace('sha256:', ''),
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
