import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { Fault } from '@ptychofleet/base';
import { failpointNames, parseLedger } from '@ptychofleet/store';
import { CoordinatorClient, toStruct, type Run } from '@ptychofleet/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bench, type Running } from './processes.test-support.ts';
import { simulateScan, startCoordinator, workersWhen } from './runs.test-support.ts';
import { startSyntheticWorker } from './synthetic-worker.test-support.ts';

/**
 * The coordinator is killed at every boundary between two things that become durable one after the other, and started
 * again on the same folder with the next boundary in wait. What it had under way goes on, and ends with the calm run's bytes.
 */
const bench = new Bench();
const state = bench.path('state');
const groupCount = 24;
const overrides = {
  nFiltersScale: 1,
  batchSize: 8,
  virtualShards: 8,
  epochs: 2,
  nGroups: groupCount,
  gridsize: 1,
};
let scan = '';
let address = '';
let coordinator: Running;
let client: CoordinatorClient;
const workers: Promise<void>[] = [];
const leave = new AbortController();

async function start(failpoint: string): Promise<void> {
  const args = ['coordinator', '--listen', address, '--state-dir', state, '--checkpoint-seconds', '0'];
  coordinator = bench.start(args, { PTYCHOFLEET_FAILPOINT: failpoint });
  // It may also be killed while it takes its runs up again, before it listens.
  await Promise.race([coordinator.said(/"listening"/).catch(() => undefined), coordinator.ended]);
}

/** Does a call until it is answered by a coordinator that lives; null when `over` says that there is none to wait for. */
async function insistent<Result>(call: () => Promise<Result>, over: () => boolean): Promise<Result | null> {
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

const never = (): boolean => false;

async function submit(requestId: string, over: () => boolean): Promise<string | null> {
  const bytes = readFileSync(scan);
  const run = await insistent(async () => {
    const { digest } = await client.uploadDataset('scan.npz', bytes);
    return client.createRun({
      requestId,
      trainingOverrides: toStruct(overrides),
      datasetDigest: digest,
      validationDigest: '',
      modelDigest: '',
    });
  }, over);
  return run?.runId ?? null;
}

async function finished(runId: string): Promise<Run> {
  for (;;) {
    const run = await insistent(() => client.getRun(runId), never);
    if (run !== null && /SUCCEEDED|FAILED|CANCELLED/.test(run.state)) return run;
    await setTimeout(50);
  }
}

const digestOfBundle = (run: Run): string | undefined =>
  run.artifacts.find(({ name }) => name === 'wts.h5.zip')?.digest;
const textOf = async (runId: string, name: string): Promise<string> =>
  new TextDecoder().decode((await insistent(() => client.downloadArtifact(runId, name), never))!);

let calmDigest: string | undefined;
let calmLedger = '';

beforeAll(async () => {
  scan = await simulateScan(bench);
  ({ coordinator, address } = await startCoordinator(bench, state));
  for (const name of ['one', 'two']) workers.push(startSyntheticWorker(address, name, leave.signal));
  client = new CoordinatorClient(address);
  await workersWhen(address, ({ length }) => length === 2);
  const calm = await finished((await submit('calm', never))!);
  calmDigest = digestOfBundle(calm);
  calmLedger = await textOf(calm.runId, 'ledger.jsonl');
  coordinator.signal('SIGTERM');
  await coordinator.ended;
});

afterAll(async () => {
  leave.abort();
  await Promise.all(workers);
});

// Somewhere in the middle of a run, where the boundary is reached more than once.
const later = [
  'step-before-journal',
  'step-after-journal',
  'checkpoint-before-pointer',
  'blob-before-rename',
];
const failpoints = [...failpointNames, ...later.map((name) => `${name}:4`)];

describe('a coordinator killed at every journal and checkpoint boundary', () => {
  it('goes on by itself to the same bytes, and counts no sample twice', { timeout: 400_000 }, async () => {
    console.info(`crash points: ${failpoints.join(' ')}`);
    const runs = new Set<string>();
    let requests = 0;
    let pending: string | null = null;
    for (const failpoint of failpoints) {
      await start(failpoint);
      let killed = false;
      const death = coordinator.ended.then(() => (killed = true));
      while (!killed) {
        if (pending !== null) {
          const run = await insistent(
            () => client.getRun(pending!),
            () => killed,
          );
          if (run === null) break;
          if (/SUCCEEDED|FAILED|CANCELLED/.test(run.state)) pending = null;
        }
        // The boundary lies where only a new run comes past.
        if (pending === null && !killed) {
          pending = await submit(`request ${requests}`, () => killed);
          if (pending === null) break;
          requests += 1;
          runs.add(pending);
        }
        await Promise.race([death, setTimeout(50)]);
      }
      await death;
      // Killed, and not ended by something that went wrong.
      expect((await coordinator.ended).code).toBeNull();
    }
    await start('');
    for (const runId of runs) {
      const run = await finished(runId);
      expect([run.state, run.reason]).toEqual(['RUN_STATE_SUCCEEDED', '']);
      expect(digestOfBundle(run)).toBe(calmDigest);
      expect(run.epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
      expect(await textOf(runId, 'ledger.jsonl')).toBe(calmLedger);
      const lines = (await textOf(runId, 'ledger-workers.jsonl')).trimEnd().split('\n');
      for (const line of lines) {
        const { workers } = JSON.parse(line) as { workers: Record<string, string> };
        const shards = Object.keys(workers).flatMap((range) => {
          const [first = 0, last = first] = range.split('-').map(Number);
          return Array.from({ length: last - first + 1 }, (_, i) => first + i);
        });
        expect(shards.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      }
    }
    expect(runs.size).toBeGreaterThan(1);
    const { steps } = parseLedger(calmLedger, 'ledger');
    expect(steps.map(({ step, groups }) => [step, groups])).toEqual(
      [1, 2, 3, 4, 5, 6].map((step) => [step, 8]),
    );
    client.close();
  });
});
