import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry, registryFileName } from '@ptychofleet/store';
import { CoordinatorClient, type RunEvent } from '@ptychofleet/wire';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  creditsOf,
  isOver,
  outcomeOf,
  runWhen,
  submitTraining,
  succeeded,
  textOf,
} from './client.test-support.ts';
import { Bench, filesBelow, jsonLines, type Running } from './processes.test-support.ts';
import { simulateScan, workersWhen } from './runs.test-support.ts';
import { limitedFolder, smallDisk, wayToMount, type Ground } from './small-disk.test-support.ts';
import { startSyntheticWorker } from './synthetic-worker.test-support.ts';

/** The real coordinator on a disk that is full, read-only or damaged. The gradients are synthetic. */
const bench = new Bench();
const overrides = {
  ...{ nFiltersScale: 1, batchSize: 8, virtualShards: 2, gridsize: 1 },
  ...{ nGroups: 16, epochs: 8 },
};
/** Enough of them that the disk is full before the last. */
const stepCount = 2 * overrides.epochs;
let scan: Buffer;
let other: Buffer;
let calm: Awaited<ReturnType<typeof outcomeOf>>;

let coordinator: Running;
let address = '127.0.0.1:0';
let client: CoordinatorClient;
const workers: Promise<void>[] = [];
const leave = new AbortController();

/** Starts a coordinator that saves after every step, at the same address for all of this file. */
async function start(folder: string, through: readonly string[] = [], failpoint = ''): Promise<void> {
  const args = ['coordinator', '--listen', address, '--state-dir', folder, '--checkpoint-seconds', '0'];
  coordinator = bench.start(args, { PTYCHOFLEET_FAILPOINT: failpoint }, through);
  [, address = ''] = await coordinator.said(/"address":"(127\.0\.0\.1:\d+)".*"listening"/);
}

async function stop(signal: NodeJS.Signals): Promise<void> {
  coordinator.signal(signal);
  await coordinator.ended;
}

const submit = (): Promise<string> => submitTraining(client, scan, overrides);
const twoWorkers = () => workersWhen(address, ({ length }) => length === 2);

beforeAll(async () => {
  scan = readFileSync(await simulateScan(bench, 16));
  other = readFileSync(await simulateScan(bench, 8));
  await start(bench.path('calm'));
  for (const name of ['one', 'two']) workers.push(startSyntheticWorker(address, name, leave.signal));
  client = new CoordinatorClient(address);
  await twoWorkers();
  calm = await outcomeOf(client, await succeeded(client, await submit()));
  await stop('SIGTERM');
}, 300_000);
afterEach(() => stop('SIGKILL'));
afterAll(async () => {
  leave.abort();
  await Promise.all(workers);
  client.close();
});

/** Takes all room away until the run cannot go on, and once more: what it had begun to write is cleared away. */
async function fillUntilItWaits(ground: Ground, runId: string) {
  let looksWaiting = 0;
  return runWhen(client, runId, (run) => {
    ground.fill(coordinator);
    looksWaiting = run.reason.startsWith('waits until it can be stored') ? looksWaiting + 1 : 0;
    return looksWaiting > 1;
  });
}

async function eventsOf(runId: string): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of client.watchRun(runId)) {
    if (!event.progress) events.push(event);
    if (event.stateChanged && isOver(event.stateChanged)) break;
  }
  return events;
}

/** Steps of the checkpoints that the coordinator could not read. */
function leftAside(): unknown[] {
  const lines = jsonLines(coordinator.output);
  return lines.filter(({ msg }) => msg === 'checkpoint left aside').map(({ step }) => step);
}

async function expectCalm(runId: string): Promise<void> {
  const run = await succeeded(client, runId);
  expect(await outcomeOf(client, run)).toEqual(calm);
  const credits = creditsOf(await textOf(client, runId, 'ledger-workers.jsonl'));
  expect(credits.map(({ step }) => step)).toEqual(Array.from({ length: stepCount }, (_, i) => i + 1));
  for (const { shards } of credits) expect(shards).toEqual([0, 1]);
}

const way = wayToMount();

describe.each([
  ['a disk that is full', way === null, () => smallDisk(bench, way ?? [])],
  ['files that may not grow', false, () => Promise.resolve(limitedFolder(bench))],
] as const)('%s', (_, cannotMount, prepare) => {
  it.skipIf(cannotMount)(
    'holds a run up, which says so; refuses uploads and runs without a trace; and all goes on with room',
    async () => {
      const ground = await prepare();
      await start(ground.folder, ground.through);
      await twoWorkers();
      const runId = await submit();
      await runWhen(client, runId, ({ progress }) => Number(progress?.step) >= 1);
      const waiting = await fillUntilItWaits(ground, runId);
      expect(waiting.state).toBe('RUN_STATE_RUNNING');
      expect(waiting.reason).toMatch(/: cannot write \S+: [^\n.]+$/);
      expect(Number(waiting.progress?.step)).toBeLessThan(stepCount);

      const kept = filesBelow(`${ground.seen}/blobs`);
      const refusal = { kind: 'exhausted', message: expect.stringMatching(/^cannot write [^\n.]+/) };
      await expect(client.uploadDataset('other.npz', other)).rejects.toMatchObject(refusal);
      // A full disk leaves what the registry's journal has already: an order that fits into it is kept.
      const [ordered] = await Promise.allSettled([submit()]);
      if (!ground.ownRoom) expect(ordered.status).toBe('rejected');
      if (ordered.status === 'rejected') expect(ordered.reason).toMatchObject(refusal);
      const runIds = ordered.status === 'rejected' ? [runId] : [runId, ordered.value];
      expect(filesBelow(`${ground.seen}/blobs`)).toEqual(kept);
      expect((await client.listRuns()).map((run) => run.runId).sort()).toEqual(runIds.sort());

      ground.free(coordinator);
      for (const id of runIds) await expectCalm(id);
      const { digest } = await client.uploadDataset('other.npz', other);
      expect(await client.getDataset(digest)).toMatchObject({ patternCount: 8 });
      expect(filesBelow(ground.seen).filter((name) => name.endsWith('.tmp'))).toEqual([]);

      // What a client sees of it: every event once and in order.
      const events = await eventsOf(runId);
      expect(events.map(({ sequence }) => Number(sequence))).toEqual(events.map((_, i) => i + 1));
      const names = events.flatMap(({ artifactReady }) => artifactReady?.name ?? []);
      expect(names.filter((name) => name === 'wts.h5.zip')).toHaveLength(1);
      expect(events.filter(({ epochFinished }) => epochFinished)).toHaveLength(overrides.epochs);
    },
    300_000,
  );
});

it('a kill while a run waits for room loses nothing', async () => {
  const ground = limitedFolder(bench);
  await start(ground.folder);
  await twoWorkers();
  const runId = await submit();
  await runWhen(client, runId, ({ progress }) => Number(progress?.step) >= 1);
  await fillUntilItWaits(ground, runId);
  await stop('SIGKILL');
  await start(ground.folder);
  await expectCalm(runId);
}, 300_000);

describe('what a power cut or a bad sector leaves', () => {
  const folder = bench.path('damaged');
  let runId = '';
  const steps = (registry: Registry): number => registry.steps(runId).length;
  function look<Result>(at: (registry: Registry) => Result): Result {
    const registry = new Registry(folder);
    try {
      return at(registry);
    } finally {
      registry.close();
    }
  }

  it('a log whose last record is torn: that step is computed again', async () => {
    await start(folder, [], 'step-after-journal:2');
    await twoWorkers();
    runId = await submit();
    expect((await coordinator.ended).code).toBeNull();
    const log = join(folder, `${registryFileName}-wal`);
    truncateSync(log, statSync(log).size - 1);
    expect(look(steps)).toBe(1);
    await start(folder, [], 'checkpoint-after-sweep:2');
    await coordinator.ended;
    expect(look(steps)).toBeGreaterThan(1);
  }, 300_000);

  it('checkpoints that are damaged: the one before is taken, and without any the run begins anew', async () => {
    const checkpoints = look((registry) => registry.checkpoints(runId));
    expect(checkpoints).toHaveLength(2);
    const damage = (digest: string): void => {
      const hex = digest.slice('sha256:'.length);
      const path = join(folder, 'checkpoints', 'blobs', hex.slice(0, 2), hex.slice(2));
      const bytes = readFileSync(path);
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(path, bytes);
    };
    const [newest, before] = checkpoints;
    damage(newest!.digest);
    // Before it is at work again: what it took is in its log.
    await start(folder, [], 'checkpoint-before-write');
    await coordinator.ended;
    expect(leftAside()).toEqual([newest?.step]);
    damage(before!.digest);
    await start(folder);
    expect(leftAside()).toEqual([newest?.step, before?.step]);
    await expectCalm(runId);
  }, 300_000);
});
