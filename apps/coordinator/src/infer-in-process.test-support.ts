import { digestOf } from '@ptychofleet/base';
import { readBundle } from '@ptychofleet/bundle';
import { createEngine } from '@ptychofleet/compute';
import { createInferencePayload, runSpecDigest, type InferenceRunSpec } from '@ptychofleet/config';
import { decodePrepared, encodeScan, readScanHeader, type ScanDataset } from '@ptychofleet/data';
import { inferenceTasks } from '@ptychofleet/run';
import type { MadeFile } from './job.ts';
import { prepareInference } from './prepare-inference.ts';

export interface Inferred {
  readonly spec: InferenceRunSpec;
  readonly batches: number;
  readonly files: readonly MadeFile[];
}

const done = new Map<string, Promise<Inferred>>();

/** The whole way from overrides to files, with the tasks of the job computed one after the other in this process. */
export function inferInProcess(
  overrides: Readonly<Record<string, unknown>>,
  scan: ScanDataset,
  bundle: Uint8Array,
): Promise<Inferred> {
  const bytes = encodeScan(scan, { compress: false });
  const { spec } = createInferencePayload(
    { modelPath: 'run', testDataFile: 'scan.npz', overrides },
    { headers: { read: () => readScanHeader(bytes, 'scan.npz') }, files: { exists: () => true } },
  );
  // Equal specifications give equal files, so each is computed once.
  const name = `${runSpecDigest(spec)} ${digestOf(bundle)} ${digestOf(bytes)}`;
  const inferred = done.get(name) ?? compute(spec, scan, bundle);
  done.set(name, inferred);
  return inferred;
}

async function compute(spec: InferenceRunSpec, scan: ScanDataset, bundle: Uint8Array): Promise<Inferred> {
  const opened = { ...(await readBundle(bundle)), digest: digestOf(bundle) };
  const job = await prepareInference(spec, scan, opened);
  const place = { purpose: 'step', epoch: 0, stepInEpoch: 0 } as const;
  const batches = inferenceTasks(job.plan);
  const { model, loss, scanDigest } = job.describe(place, { level: 0, index: 0 });
  const engine = createEngine(model, loss, decodePrepared(job.blob(scanDigest)!.bytes), {
    execution: 'eager',
  });
  try {
    engine.setWeights(opened.weights);
    for (let index = 0; index < batches; index++) {
      const { microBatches, cropSide } = job.describe(place, { level: 0, index });
      const batch = { groupIndices: microBatches[0] as Int32Array };
      const groupCount = batch.groupIndices.filter((group) => group >= 0).length;
      const values = engine.predict(batch, cropSide);
      job.accept(place, { level: 0, index }, { lossSum: 0, groupCount, values });
    }
  } finally {
    engine.dispose();
  }
  return { spec, batches, files: await job.finish() };
}
