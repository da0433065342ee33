import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Fault } from '@ptychofleet/base';
import { toStruct, type CoordinatorClient, type Run } from '@ptychofleet/wire';

/** Does a call until it is answered by a coordinator that lives; null when `over` says that there is none to wait for. */
export async function insistent<Result>(call: () => Promise<Result>): Promise<Result>;
export async function insistent<Result>(
  call: () => Promise<Result>,
  over: () => boolean,
): Promise<Result | null>;
export async function insistent<Result>(
  call: () => Promise<Result>,
  over = () => false,
): Promise<Result | null> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Fault) || error.kind !== 'unavailable') throw error;
      if (over()) return null;
      await setTimeout(50);
    }
  }
}

/** Sends the scan and submits a training on it; fields by their upstream names. */
export async function submitTraining(
  client: CoordinatorClient,
  scan: Uint8Array,
  trainingOverrides: Readonly<Record<string, number>>,
  requestId: string = randomUUID(),
): Promise<string> {
  const { digest } = await client.uploadDataset('scan.npz', scan);
  const run = await client.createRun({
    requestId,
    trainingOverrides: toStruct({ ...trainingOverrides }),
    datasetDigest: digest,
    validationDigest: '',
    modelDigest: '',
  });
  return run.runId;
}

/** Asks until the run is as wanted, whatever becomes of the coordinator; the test's own timeout is the limit. */
export async function runWhen(
  client: CoordinatorClient,
  runId: string,
  wanted: (run: Run) => boolean,
): Promise<Run> {
  for (;;) {
    const run = await insistent(() => client.getRun(runId));
    if (wanted(run)) return run;
    await setTimeout(25);
  }
}

export const isOver = ({ state }: Run): boolean => /SUCCEEDED|FAILED|CANCELLED/.test(state);

/** A run that ended well. */
export async function succeeded(client: CoordinatorClient, runId: string): Promise<Run> {
  const run = await runWhen(client, runId, isOver);
  if (run.state !== 'RUN_STATE_SUCCEEDED' || run.reason !== '')
    throw new Error(`${runId} ended with ${run.state} ${run.reason}`);
  return run;
}

/** What has to be the same whatever happened to a run: its bundle's digest, and its ledger byte by byte. */
export async function outcomeOf(
  client: CoordinatorClient,
  run: Run,
): Promise<{ bundle: string | undefined; ledger: string }> {
  const bundle = run.artifacts.find(({ name }) => name === 'wts.h5.zip')?.digest;
  return { bundle, ledger: await textOf(client, run.runId, 'ledger.jsonl') };
}

export async function textOf(client: CoordinatorClient, runId: string, name: string): Promise<string> {
  return new TextDecoder().decode(await insistent(() => client.downloadArtifact(runId, name)));
}

/** Who is credited with which shards, step by step, from the text of a `ledger-workers.jsonl`. */
export interface Credits {
  readonly step: number;
  /** Ascending; one that is credited twice is there twice. */
  readonly shards: readonly number[];
  /** Incarnation and name, by shard. */
  readonly workerOf: ReadonlyMap<number, string>;
}

export function creditsOf(text: string): Credits[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { step, workers } = JSON.parse(line) as { step: number; workers: Record<string, string> };
      const credits = Object.entries(workers).flatMap(([range, worker]) => {
        const [first = 0, last = first] = range.split('-').map(Number);
        return Array.from({ length: last - first + 1 }, (_, i) => [first + i, worker] as const);
      });
      const shards = credits.map(([shard]) => shard).sort((a, b) => a - b);
      return { step, shards, workerOf: new Map(credits) };
    });
}
