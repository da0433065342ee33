import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Bench, jsonLines } from './processes.test-support.ts';
import { inferArguments, scanSeed, simulateScan, trainArguments, workersWhen } from './runs.test-support.ts';

const bench = new Bench();
let scan = '';
beforeAll(async () => {
  scan = await simulateScan(bench);
  console.info(`same bits: scan of 32 patterns, seed ${scanSeed}`);
});

const bundleOf = (folder: string): Buffer => readFileSync(`${folder}/wts.h5.zip`);
const objectOf = (folder: string): Buffer => readFileSync(`${folder}/reconstruction.npz`);

async function train(folder: string, gridsize: number, workers: number): Promise<Buffer> {
  await bench.succeed(...trainArguments(scan, folder, { '--gridsize': gridsize, '--workers': workers }));
  return bundleOf(folder);
}

async function infer(model: string, folder: string, workers: number): Promise<Buffer> {
  await bench.succeed(...inferArguments(model, scan, folder, '--workers', String(workers)));
  return objectOf(folder);
}

/** The folder of a run of two undisturbed workers, trained once per gridsize. */
const calmRuns = new Map<number, Promise<string>>();
function calmRun(gridsize: number): Promise<string> {
  const folder = bench.path(`calm-${gridsize}`);
  const run = calmRuns.get(gridsize) ?? train(folder, gridsize, 2).then(() => folder);
  calmRuns.set(gridsize, run);
  return run;
}

describe.each([1, 2])('gridsize %i', (gridsize) => {
  it.each([1, 3, 2])('trains to the same bytes with %i workers as with two', async (workers) => {
    const other = await train(bench.path(`g${gridsize}-w${workers}`), gridsize, workers);
    expect(other.equals(bundleOf(await calmRun(gridsize)))).toBe(true);
  });

  it('reconstructs the same bytes with one, two and three workers', async () => {
    const calm = await calmRun(gridsize);
    const [two, one, three] = [
      await infer(calm, bench.path(`g${gridsize}-rec2`), 2),
      await infer(calm, bench.path(`g${gridsize}-rec1`), 1),
      await infer(calm, bench.path(`g${gridsize}-rec3`), 3),
    ];
    expect(one.equals(two)).toBe(true);
    expect(three.equals(two)).toBe(true);
  });
});

it('a worker killed in the middle of an epoch changes no bit', async () => {
  const up = bench.start([
    'up',
    '--listen',
    '127.0.0.1:0',
    '--workers',
    '2',
    '--state-dir',
    bench.path('up'),
  ]);
  const [, address = ''] = await up.said(/at (127\.0\.0\.1:\d+)/);
  await workersWhen(address, (workers) => workers.length === 2);

  const folder = bench.path('killed');
  const run = bench.start([...trainArguments(scan, folder, { '--coordinator': address }), '--json']);
  await run.said(/"type":"progress"/);
  // Stopped, it keeps what it is given: the kill is sure to hit a worker that holds micro-batches.
  const victim = (await workersWhen(address, () => true))[0];
  process.kill(victim?.processId ?? 0, 'SIGSTOP');
  await workersWhen(address, ([first]) => first?.workerId === victim?.workerId && first!.leaseCount > 0);
  process.kill(victim?.processId ?? 0, 'SIGKILL');

  const { code, stderr } = await run.ended;
  expect(code).toBe(0);
  const notes = jsonLines(stderr).flatMap(({ type, text }) => (type === 'note' ? [String(text)] : []));
  const left = new RegExp(
    `^worker ${victim?.workerId} left .*, \\d micro-batch(es)? returned to the pool; 1 remain$`,
  );
  expect(notes.filter((note) => left.test(note))).toHaveLength(1);
  expect(bundleOf(folder).equals(bundleOf(await calmRun(1)))).toBe(true);
  up.signal('SIGINT');
  expect((await up.ended).code).toBe(0);
});
