import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Bench, jsonLines, type Running } from './processes.test-support.ts';
import {
  inferArguments,
  simulateScan,
  startCoordinator,
  trainArguments,
  workersWhen,
} from './runs.test-support.ts';

const bench = new Bench();
let scan = '';
let coordinator: Running;
let address = '';
let workers: Running[] = [];

beforeAll(async () => {
  scan = await simulateScan(bench);
  ({ coordinator, address } = await startCoordinator(bench, bench.path('state')));
  workers = [1, 2].map((number) =>
    bench.start(['worker', '--coordinator', address, '--name', `hand-${number}`, '--accelerator', 'cpu']),
  );
  await workersWhen(address, ({ length }) => length === 2);
});

const trainThere = (folder: string, flags: Record<string, number>): Running =>
  bench.start([
    ...trainArguments(scan, bench.path(folder), { '--coordinator': address, ...flags }),
    '--json',
  ]);
const resultOf = (stdout: string): Record<string, unknown> => JSON.parse(stdout) as Record<string, unknown>;
const epochsOf = (stderr: string): unknown[] =>
  jsonLines(stderr)
    .filter(({ type }) => type === 'epoch')
    .map(({ epoch, trainLoss, weightsDigest }) => ({ epoch, trainLoss, weightsDigest }));

describe('a coordinator and two workers started by hand on TCP', () => {
  it('train, while a second client watches the same run', async () => {
    const run = trainThere('seven', { '--seed': 7 });
    await run.said(/"type":"progress"/);
    const watching = bench.run('watch', '--coordinator', address, '--json');
    const [trained, watched] = await Promise.all([run.ended, watching]);

    expect([trained.code, watched.code]).toEqual([0, 0]);
    const { runId, sha256 } = resultOf(trained.stdout);
    expect(resultOf(watched.stdout)).toMatchObject({
      runId,
      state: 'RUN_STATE_SUCCEEDED',
      artifacts: expect.arrayContaining([
        expect.objectContaining({ name: 'wts.h5.zip', digest: `sha256:${sha256}` }),
      ]),
    });
    // Whoever comes late is told what happened before, so both saw every epoch.
    expect(epochsOf(trained.stderr)).toHaveLength(2);
    expect(epochsOf(watched.stderr)).toEqual(epochsOf(trained.stderr));
  });

  it('reconstruct', async () => {
    const folder = bench.path('rec');
    await bench.succeed(...inferArguments(bench.path('seven'), scan, folder, '--coordinator', address));
    expect(readFileSync(`${folder}/reconstruction.npz`).subarray(0, 2).toString()).toBe('PK');
  });

  it('are listed with what they have done, and so are the runs', async () => {
    const { stdout } = await bench.succeed('workers', '--coordinator', address, '--json');
    const listed = (JSON.parse(stdout) as { workers: Record<string, unknown>[] }).workers;
    expect(listed.map(({ processId }) => Number(processId)).sort((a, b) => a - b)).toEqual(
      workers.map(({ pid }) => pid).sort((a, b) => a - b),
    );
    expect(listed.map(({ name }) => String(name)).sort()).toEqual(['hand-1', 'hand-2']);
    for (const { leaseCount, taskCount } of listed) {
      expect(leaseCount).toBe(0);
      expect(taskCount).toBeGreaterThan(0);
    }
    const plain = await bench.succeed('workers', '--coordinator', address);
    expect(plain.stdout.trimEnd().split('\n')).toHaveLength(2);

    const runs = (await bench.succeed('runs', '--coordinator', address)).stdout.trimEnd().split('\n');
    expect(
      runs.map((line) =>
        line
          .replace(/^run-[0-9a-f]{8}/, 'run')
          .split(/\s+/)
          .slice(0, 4),
      ),
    ).toEqual([
      ['run', 'training', 'succeeded', '4/4'],
      ['run', 'inference', 'succeeded', '2/2'],
    ]);
  });

  it('let go of a run that is cancelled', async () => {
    const run = trainThere('long', { '--max_epochs': 10000 });
    await run.said(/"type":"progress"/);
    const { stdout } = await bench.succeed('runs', '--coordinator', address, '--json');
    const last = (JSON.parse(stdout) as { runs: { runId: string; state: string }[] }).runs.at(-1);
    expect(last?.state).toBe('RUN_STATE_RUNNING');
    const runId = last?.runId ?? '';
    const cancelled = await bench.succeed('cancel', runId, '--coordinator', address, '--json');
    expect(JSON.parse(cancelled.stdout)).toMatchObject({ runId, state: 'RUN_STATE_CANCELLED' });

    const { code, stdout: result, stderr } = await run.ended;
    expect([code, result]).toEqual([1, '']);
    expect(jsonLines(stderr).at(-1)).toMatchObject({ type: 'error', message: `run ${runId} was cancelled` });
    await workersWhen(address, (listed) => listed.every(({ leaseCount }) => leaseCount === 0));
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'and their client go on with the run of a coordinator that %s ended, once it is started again',
    async (signal) => {
      const folder = `lost-${signal}`;
      const run = trainThere(folder, { '--seed': 7 });
      await run.said(/"type":"progress"/);
      coordinator.signal(signal);
      await coordinator.ended;
      await run.said(/looking for it/);

      // Workers and client look for it until it is back, at the same address.
      coordinator = bench.start(['coordinator', '--listen', address, '--state-dir', bench.path('state')]);
      await coordinator.said(/"listening"/);
      const back = await workersWhen(address, ({ length }) => length === 2);
      expect(back.map(({ processId }) => processId).sort((a, b) => a - b)).toEqual(
        workers.map(({ pid }) => pid).sort((a, b) => a - b),
      );
      const { code, stderr } = await run.ended;
      expect(code, stderr).toBe(0);
      // Every epoch is told once.
      expect(epochsOf(stderr)).toHaveLength(2);
      const [lost, calm] = [folder, 'seven'].map((name) => readFileSync(bench.path(name, 'wts.h5.zip')));
      expect(lost?.equals(calm!)).toBe(true);
    },
  );

  it('end when they are asked to, with or without a coordinator', async () => {
    const [first, second] = workers;
    first?.signal('SIGTERM');
    expect((await first?.ended)?.code).toBe(0);
    await workersWhen(address, ({ length }) => length === 1);
    coordinator.signal('SIGTERM');
    await coordinator.ended;
    await second?.said(/session ended(?![^]*joined)/);
    second?.signal('SIGINT');
    expect((await second?.ended)?.code).toBe(0);
  });
});
