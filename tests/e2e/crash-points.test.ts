import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { failpointNames, parseLedger } from '@ptychofleet/store';
import { CoordinatorClient } from '@ptychofleet/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  creditsOf,
  insistent,
  isOver,
  outcomeOf,
  submitTraining,
  succeeded,
  textOf,
} from './client.test-support.ts';
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

const submit = (requestId: string, over: () => boolean): Promise<string | null> =>
  insistent(() => submitTraining(client, readFileSync(scan), overrides, requestId), over);

let calm: Awaited<ReturnType<typeof outcomeOf>>;

beforeAll(async () => {
  scan = await simulateScan(bench);
  ({ coordinator, address } = await startCoordinator(bench, state));
  for (const name of ['one', 'two']) workers.push(startSyntheticWorker(address, name, leave.signal));
  client = new CoordinatorClient(address);
  await workersWhen(address, ({ length }) => length === 2);
  const runId = await submitTraining(client, readFileSync(scan), overrides);
  calm = await outcomeOf(client, await succeeded(client, runId));
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
          if (isOver(run)) pending = null;
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
      const run = await succeeded(client, runId);
      expect(await outcomeOf(client, run)).toEqual(calm);
      expect(run.epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
      const credits = creditsOf(await textOf(client, runId, 'ledger-workers.jsonl'));
      for (const { shards } of credits) expect(shards).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    }
    expect(runs.size).toBeGreaterThan(1);
    const { steps } = parseLedger(calm.ledger, 'ledger');
    expect(steps.map(({ step, groups }) => [step, groups])).toEqual(
      [1, 2, 3, 4, 5, 6].map((step) => [step, 8]),
    );
    client.close();
  });
});
