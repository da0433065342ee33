import { join } from 'node:path';
import { digestOf, Fault, hexOf } from '@ptychofleet/base';
import type { InferencePayload } from '@ptychofleet/config';
import { NpzArchive } from '@ptychofleet/data';
import type { ComparableObject, ShownComparison, TruthComparison } from '@ptychofleet/imaging';
import { writeFileAtomic } from '@ptychofleet/store';
import type { Reporter } from '@ptychofleet/telemetry';
import { toStruct, type CoordinatorClient, type JsonObject, type Run } from '@ptychofleet/wire';
import { decodeReconstruction } from './evaluate/object-file.ts';
import { scoreLines, scoresOf } from './evaluate/scores.ts';
import { prepareOutput, readModel, readScan, type ScanInput } from './files.ts';
import { followRun, sendScan, submit, type FollowedRun } from './follow-run.ts';
import { printResult, reporterOfRun, type OutputOptions } from './output.ts';
import { compareWithFile, comparisonPicture, reconstructionPictures, type NamedFile } from './pictures.ts';
import { withFleet, workerCount, type FleetChoice } from './with-fleet.ts';

export interface InferredFiles {
  readonly files: readonly string[];
  readonly digest: string;
  readonly comparison: TruthComparison | null;
}

/** Model and scan of a reconstruction, checked. */
export interface InferenceFiles {
  readonly bundle: Uint8Array;
  readonly scan: ScanInput;
}

export async function readInferenceFiles({ inputs }: InferencePayload): Promise<InferenceFiles> {
  return {
    bundle: await readModel('--model_path', inputs.modelArchive),
    scan: await readScan('--test_data', inputs.testDataFile),
  };
}

/** Sends model and scan, follows the run, fetches the reconstruction and paints it. */
export async function inferOn(
  client: CoordinatorClient,
  payload: InferencePayload,
  files: InferenceFiles,
  reporter: Reporter,
): Promise<InferredFiles> {
  const { outputDir } = payload.inputs;
  const modelDigest = await sendModel(client, files.bundle);
  const datasetDigest = await sendScan(client, files.scan);
  const spec = toStruct(payload.spec as unknown as JsonObject);
  const run = await submit(client, { spec, datasetDigest, validationDigest: '', modelDigest });
  for (const warning of run.warnings) reporter.warn(warning);
  const followed = await followRun(client, run.runId, reporter);
  const archive = await made(client, followed.run, 'reconstruction.npz');
  if (archive === null) throw new Fault('data-loss', `run ${run.runId} has no reconstruction.npz`);
  const reconstruction = decodeReconstruction(new NpzArchive(archive), 'reconstruction.npz');
  const comparison = comparedIfPossible(reconstruction, files.scan, reporter);
  const pictures = [
    { name: 'reconstruction.npz', bytes: archive },
    ...reconstructionPictures(comparison?.alignedCanvas ?? reconstruction, payload.spec.inference),
    ...(comparison === null ? [] : [comparisonPicture(title, shownAs(comparison), 'Reference')]),
    ...(await patchStatistics(client, followed)),
  ];
  for (const { name, bytes: content } of pictures) await writeFileAtomic(join(outputDir, name), content);
  return { files: pictures.map(({ name }) => join(outputDir, name)), digest: digestOf(archive), comparison };
}

/** A file of a run; null where it has none of that name. */
async function made(client: CoordinatorClient, run: Run, name: string): Promise<Uint8Array | null> {
  const artifact = run.artifacts.find((other) => other.name === name);
  return artifact === undefined ? null : client.downloadArtifact(run.runId, name, artifact.digest);
}

/** The files about single patches, where they were asked for; in a folder of their own, as the reference has them. */
async function patchStatistics(client: CoordinatorClient, { run }: FollowedRun): Promise<NamedFile[]> {
  const files: NamedFile[] = [];
  for (const name of ['torch_patch_stats.json', 'torch_patch_grid.png']) {
    const bytes = await made(client, run, name);
    if (bytes !== null) files.push({ name: join('analysis', name), bytes });
  }
  return files;
}

const title = 'Reconstruction beside the object of the scan file';

/** What the picture and the table of one reconstruction call it. */
export function shownAs(comparison: TruthComparison): ShownComparison[] {
  return [{ label: 'Reconstruction', comparison }];
}

/** A scan too small to score has been reconstructed all the same. */
function comparedIfPossible(
  reconstruction: ComparableObject,
  { name, scan }: ScanInput,
  reporter: Reporter,
): TruthComparison | null {
  try {
    return compareWithFile(reconstruction, scan);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    reporter.warn(`${name}: no scores against its object: ${error.message}`);
    return null;
  }
}

async function sendModel(client: CoordinatorClient, bundle: Uint8Array): Promise<string> {
  const digest = digestOf(bundle);
  try {
    await client.getModel(digest);
  } catch (error) {
    if (!(error instanceof Fault && error.kind === 'not-found')) throw error;
    await client.openModel(bundle);
  }
  return digest;
}

/** The `infer` command after its arguments have been resolved. */
export async function infer(
  payload: InferencePayload,
  fleet: Omit<FleetChoice, 'logFolder' | 'execution'>,
  output: OutputOptions,
  interrupt: AbortSignal,
): Promise<void> {
  workerCount(fleet);
  const { outputDir } = payload.inputs;
  const inputs = await readInferenceFiles(payload);
  await prepareOutput(outputDir);
  const reporter = reporterOfRun(payload.spec.execution, output, 'batch');
  for (const warning of payload.warnings) reporter.warn(warning);
  const { files, digest, comparison } = await withFleet(
    { ...fleet, logFolder: join(outputDir, 'logs'), execution: payload.spec.execution },
    interrupt,
    (client) => inferOn(client, payload, inputs, reporter),
  );
  const scores = comparison === null ? null : scoresOf(comparison);
  const record = {
    type: 'result',
    command: 'infer',
    files,
    sha256: hexOf(digest),
    metrics: scores,
  };
  printResult(output, record, [
    ...files.map((file) => `wrote ${file}`),
    `  reconstruction.npz sha256 ${record.sha256}`,
    ...(comparison === null ? [] : scoreLines(shownAs(comparison), 'the object of the scan file')),
  ]);
}
