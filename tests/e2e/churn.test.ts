import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { parseLedger } from '@ptychofleet/store';
import { CoordinatorClient } from '@ptychofleet/wire';
import { beforeAll, expect, it } from 'vitest';
import {
  creditsOf,
  outcomeOf,
  runWhen,
  submitTraining,
  succeeded,
  textOf,
  type Credits,
} from './client.test-support.ts';
import { Bench, jsonLines, type Running } from './processes.test-support.ts';
import { simulateScan, startCoordinator, workersWhen } from './runs.test-support.ts';

/**
 * Workers with real TensorFlow that die, hang, leave and join while they train, one after the other and in one fleet; what
 * is drawn at random is in tests/chaos.
 */
const bench = new Bench();
const size = { nFiltersScale: 1, gridsize: 1 };
/** The last batch of an epoch is short. */
const trainings = {
  short: {
    overrides: { ...size, batchSize: 8, virtualShards: 8, nGroups: 20, epochs: 4 },
    groupsOfSteps: [8, 8, 4, 8, 8, 4, 8, 8, 4, 8, 8, 4],
  },
  /** Micro-batches that take long enough for the coordinator to keep up with one result of each. */
  heavy: {
    overrides: { ...size, batchSize: 64, virtualShards: 4, nGroups: 96, epochs: 2 },
    groupsOfSteps: [64, 32, 64, 32],
  },
};
type Training = keyof typeof trainings;
let scan: Buffer;
let coordinator: Running;
let address = '';
let client: CoordinatorClient;
const calm = new Map<Training, Awaited<ReturnType<typeof outcomeOf>>>();

const startWorker = (name: string, ...more: string[]): Running =>
  bench.start(['worker', '--coordinator', address, '--name', name, '--accelerator', 'cpu', ...more]);
/** The worker of this name, once it is there. */
async function present(name: string) {
  const listed = await workersWhen(address, (workers) => workers.some((worker) => worker.name === name));
  return listed.find((worker) => worker.name === name)!;
}
const submit = (training: Training = 'short'): Promise<string> =>
  submitTraining(client, scan, trainings[training].overrides);
const begun = (runId: string, step = 1) =>
  runWhen(client, runId, ({ progress }) => Number(progress?.step) >= step);

/** Stopped, a worker keeps what it is given: it is sure to hold micro-batches when it returns from here. */
async function stopWithWork({ pid }: Running): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  // What it had sent by then has come in.
  await setTimeout(100);
  await workersWhen(address, (workers) =>
    workers.some(({ processId, leaseCount }) => processId === pid && leaseCount > 0),
  );
}

type Given = { msg: string; runId: string; round: number; workerId: string; tasks: number[]; why?: string };

/** The run's leases and ends of rounds, as logged. */
const roundsOf = (runId: string): Given[] =>
  jsonLines(coordinator.output.slice(0, coordinator.output.lastIndexOf('\n')))
    .map((line) => line as unknown as Given)
    .filter((line) => line.runId === runId && /^(given out|round closed)/.test(line.msg));
const givenOf = (runId: string): Given[] => roundsOf(runId).filter(({ msg }) => msg.startsWith('given out'));

/** Whether, in the round that is open, it has been given what no other has. */
function holdsItsOwn(runId: string, workerId: string): boolean {
  const log = roundsOf(runId);
  const open = log.slice(log.findLastIndex(({ msg }) => msg === 'round closed') + 1);
  return (
    open.some(({ workerId: id, why }) => id === workerId && why === undefined) &&
    !open.some(({ why }) => why !== undefined)
  );
}

/** Ends with the calm run's bundle and ledger, and every shard of every step is credited to one worker. */
async function expectCalm(runId: string, training: Training = 'short'): Promise<Credits[]> {
  const { groupsOfSteps, overrides } = trainings[training];
  const run = await succeeded(client, runId);
  expect(await outcomeOf(client, run)).toEqual(calm.get(training));
  const credits = creditsOf(await textOf(client, runId, 'ledger-workers.jsonl'));
  expect(credits.map(({ step, shards }) => [step, shards])).toEqual(
    groupsOfSteps.map((groups, i) => [i + 1, range(Math.min(groups, overrides.virtualShards))]),
  );
  return credits;
}
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

beforeAll(async () => {
  scan = readFileSync(await simulateScan(bench, 96));
  ({ coordinator, address } = await startCoordinator(bench, bench.path('state'), '--log-level', 'debug'));
  client = new CoordinatorClient(address);
  return () => client.close();
});

let victim: Running;

it('a fleet of two that is left alone counts every group once', async () => {
  startWorker('steady');
  victim = startWorker('victim');
  await workersWhen(address, ({ length }) => length === 2);
  for (const training of ['short', 'heavy'] as const) {
    const run = await succeeded(client, await submit(training));
    const outcome = await outcomeOf(client, run);
    calm.set(training, outcome);
    const { steps } = parseLedger(outcome.ledger, 'ledger');
    expect(steps.map(({ groups }) => groups)).toEqual(trainings[training].groupsOfSteps);
    await expectCalm(run.runId, training);
  }
}, 300_000);

it('kill -9 of one of two: the same bits, and only what it held is computed again, one micro-batch at most', async () => {
  const { workerId } = await present('victim');
  const runId = await submit('heavy');
  await begun(runId, 1);
  // Where it is just then at work that another was late with, the step may end without it: it is caught again later.
  for (await stopWithWork(victim); !holdsItsOwn(runId, workerId); await stopWithWork(victim)) {
    process.kill(victim.pid, 'SIGCONT');
    await setTimeout(50);
  }
  process.kill(victim.pid, 'SIGKILL');
  const credits = await expectCalm(runId, 'heavy');
  // What it was at, and what it held ahead and had not begun.
  const left = new RegExp(`worker ${workerId} left .*, [12] micro-batch(es)? returned to the pool; 1 remain`);
  expect(coordinator.output).toMatch(left);

  const given = givenOf(runId);
  const rounds = [...new Set(given.map(({ round }) => round))].sort((a, b) => a - b);
  const { groupsOfSteps, overrides } = trainings.heavy;
  expect(rounds).toHaveLength(groupsOfSteps.length);
  for (const { workerId: id, tasks } of given) if (id === workerId) expect(tasks).toHaveLength(1);
  const twice = rounds.map((round, index) => {
    const here = given.filter((lease) => lease.round === round);
    // What was late, on a machine that is busy, is given to two without anybody having died.
    const planned = here.filter(({ why }) => why === undefined).flatMap(({ tasks }) => tasks);
    const again = range(overrides.virtualShards).filter(
      (shard) => planned.indexOf(shard) !== planned.lastIndexOf(shard),
    );
    const givenLate = here.filter(({ why }) => why !== undefined).flatMap(({ tasks }) => tasks);
    const held = here
      .filter((lease) => lease.workerId === workerId)
      .flatMap(({ tasks }) => tasks)
      .filter((shard) => !givenLate.includes(shard))
      .filter((shard) => credits[index]?.workerOf.get(shard)?.split(' ')[0] !== workerId);
    return { again, held };
  });
  // Nothing but what it had not delivered, and of that everything.
  for (const { again, held } of twice) expect(held).toEqual(expect.arrayContaining(again));
  const lastRound = twice.findLast(({ held }) => held.length > 0);
  expect(lastRound?.again).toEqual(lastRound?.held);
}, 300_000);

it('a worker that joins in the middle of a run takes its part', async () => {
  const runId = await submit();
  await begun(runId);
  await client.pauseRun(runId);
  victim = startWorker('joiner');
  const { workerId } = await present('joiner');
  await client.resumeRun(runId);
  const credits = await expectCalm(runId);
  const steps = credits.filter(({ workerOf }) => [...workerOf.values()].includes(`${workerId} joiner`));
  expect(steps.length).toBeGreaterThan(0);
  expect(steps[0]?.step).toBeGreaterThan(1);
}, 300_000);

it('a worker that hangs is not waited for, and takes part again afterwards', async () => {
  const { workerId } = await present('joiner');
  const runId = await submit();
  await begun(runId);
  await stopWithWork(victim);
  await coordinator.said(new RegExp(`worker ${workerId} is silent`));
  await expectCalm(runId);
  process.kill(victim.pid, 'SIGCONT');
  // Heard again, or taken in anew when it was given up meanwhile.
  await workersWhen(
    address,
    (workers) => workers.filter(({ state }) => /^(idle|at work)$/.test(state)).length === 2,
  );
}, 300_000);

it('SIGTERM in the middle of a run: hands in or back what it holds and leaves, exit code 0', async () => {
  const runId = await submit();
  await begun(runId);
  await stopWithWork(victim);
  victim.signal('SIGTERM');
  process.kill(victim.pid, 'SIGCONT');
  expect((await victim.ended).code).toBe(0);
  expect(coordinator.output).toMatch(/worker w\d+ takes no more tasks: asked to stop/);
  await expectCalm(runId);
}, 300_000);

it('a worker with another number of threads computes other bits, so it is refused', async () => {
  const { code, stderr } = await startWorker('broad', '--threads', '2').ended;
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /ptychofleet worker: numerics differ in pins: the fleet has .*"intraOpThreads":1.*, the worker .*"intraOpThreads":2/,
  );
}, 300_000);
