import { digestOf, type ContentDigest, type Digest } from '@ptychofleet/base';
import { createEngine, type Engine } from '@ptychofleet/compute';
import { createTrainingPayload, type TrainingRunSpec } from '@ptychofleet/config';
import { decodePrepared, encodeScan, readScanHeader, type ScanDataset } from '@ptychofleet/data';
import { slabFromBytes } from '@ptychofleet/params';
import { microBatchSize, shardsOfStep, stepsPerEpoch } from '@ptychofleet/run';
import type { EpochSummary, RoundOutcome, RoundPlace, TaskAnswer } from './job.ts';
import { prepareTraining } from './prepare-training.ts';

export interface Trained {
  readonly spec: TrainingRunSpec;
  /** Number of parameters. */
  readonly size: number;
  readonly epochs: readonly EpochSummary[];
  /** Digest of the final weights. */
  readonly weights: ContentDigest;
  /** Why it ended early. */
  readonly stop: string | null;
  /** Weights pulled in the course of the run. */
  readonly versions: number;
  readonly warnings: readonly string[];
  /** Reported norms of the gradient, null for steps without one. */
  readonly norms: readonly (number | null)[];
  readonly bundle: () => Promise<Uint8Array>;
}

/** The whole way from overrides to weights, with the tasks of the job computed one after the other in this process. */
export async function trainInProcess(
  overrides: Readonly<Record<string, unknown>>,
  scan: ScanDataset,
  validation: ScanDataset | null,
): Promise<Trained> {
  const bytes = encodeScan(scan, { compress: false });
  const { spec } = createTrainingPayload(
    {
      trainDataFile: 'scan.npz',
      ...(validation === null ? {} : { testDataFile: 'test.npz' }),
      overrides,
    },
    { headers: { read: () => readScanHeader(bytes, 'scan.npz') }, files: { exists: () => true } },
  );
  const digests = { dataset: digestOf(bytes), validation: null };
  const job = await prepareTraining(spec, scan, validation, digests, { numerics: () => ({}) });
  const { plan } = job;
  const engines = new Map<Digest, Engine>();
  const versions = new Set<ContentDigest>();
  const norms: (number | null)[] = [];
  let size = 0;

  const answer = (place: RoundPlace, index: number): TaskAnswer => {
    const task = job.describe(place, { level: 0, index });
    const blob = (digest: ContentDigest): Uint8Array => {
      const content = job.blob(digest);
      if (content === null) throw new Error(`the job does not know ${digest}`);
      return content.bytes;
    };
    let engine = engines.get(task.scanDigest);
    if (engine === undefined) {
      // The same bytes as the graph's (traced-function.test.ts); a few steps are over before a graph is recorded.
      const prepared = decodePrepared(blob(task.scanDigest));
      engine = createEngine(task.model, task.loss, prepared, { execution: 'eager' });
      engines.set(task.scanDigest, engine);
      size = engine.layout.size;
    }
    engine.setWeights(slabFromBytes(blob(task.weightsDigest), size));
    versions.add(task.weightsDigest);
    const batch = { groupIndices: task.microBatches[0] as Int32Array };
    if (task.kind === 'TASK_KIND_LOSS') return { ...engine.loss(batch), values: new Float32Array(0) };
    const { gradient, ...sums } = engine.gradient(batch);
    return { ...sums, values: gradient };
  };
  const round = async (place: RoundPlace, tasks: number): Promise<RoundOutcome> => {
    for (let task = 0; task < tasks; task++)
      job.accept(place, { level: 0, index: task }, answer(place, task));
    const outcome = await job.closeRound(place);
    if (place.purpose === 'step') norms.push(outcome.gradientNorm ?? null);
    return outcome;
  };

  const epochs: EpochSummary[] = [];
  let stop: string | null = null;
  try {
    for (let epoch = 0; epoch < plan.epochs && stop === null; epoch++) {
      let outcome: RoundOutcome = { loss: null };
      for (let stepInEpoch = 0; stepInEpoch < stepsPerEpoch(plan); stepInEpoch++)
        outcome = await round({ purpose: 'step', epoch, stepInEpoch }, shardsOfStep(plan, stepInEpoch));
      if (plan.validationGroupCount > 0) {
        const tasks = Math.ceil(plan.validationGroupCount / microBatchSize(plan));
        const place = { purpose: 'validation', epoch, stepInEpoch: stepsPerEpoch(plan) } as const;
        outcome = await round(place, tasks);
      }
      if (outcome.epoch !== undefined) epochs.push(outcome.epoch);
      stop = outcome.stop ?? null;
    }
  } finally {
    for (const engine of engines.values()) engine.dispose();
  }
  return {
    spec,
    size,
    epochs,
    weights: (epochs.at(-1) as EpochSummary).weightsDigest,
    stop,
    versions: versions.size,
    warnings: job.warnings,
    norms,
    bundle: async () => ((await job.finish())[0] as { bytes: Uint8Array }).bytes,
  };
}
