import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chained, ledgerText, parseLedger } from '@ptychofleet/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bench, jsonLines } from './processes.test-support.ts';
import { simulateScan, startCoordinator, trainArguments, workersWhen } from './runs.test-support.ts';
import { startSyntheticWorker } from './synthetic-worker.test-support.ts';

// The command line and the coordinator are what is looked at: the gradients are synthetic.
const bench = new Bench();
const leave = new AbortController();
let worker: Promise<void>;
let scan = '';
let address = '';

beforeAll(async () => {
  scan = await simulateScan(bench);
  ({ address } = await startCoordinator(bench, bench.path('state')));
  worker = startSyntheticWorker(address, 'one', leave.signal);
  await workersWhen(address, ({ length }) => length === 1);
});
afterAll(async () => {
  leave.abort();
  await worker;
});

const flags = { '--n_images': 16, '--batch_size': 8, '--max_epochs': 4, '--learning-rate': 0.001 };
const argumentsOf = (folder: string, more: Record<string, string | number> = {}): string[] =>
  trainArguments(scan, bench.path(folder), { ...flags, '--coordinator': address, ...more });
const checkpointsOf = (folder: string): string[] =>
  existsSync(bench.path(folder, 'checkpoints')) ? readdirSync(bench.path(folder, 'checkpoints')).sort() : [];
const bundleOf = (folder: string): Buffer => readFileSync(bench.path(folder, 'wts.h5.zip'));
const ledgerOf = (folder: string) =>
  parseLedger(readFileSync(bench.path(folder, 'ledger.jsonl'), 'utf8'), folder);
const epochsIn = (names: readonly string[]): number[] =>
  names.flatMap((name) => /^epoch=(\d+)-poisson_train=-?[\d.]+\.ckpt$/.exec(name)?.[1] ?? []).map(Number);

describe('checkpoints in the run folder', () => {
  it('are those of all epochs with -1, named by epoch and loss, and the last one', async () => {
    await bench.succeed(...argumentsOf('all', { '--checkpoint-save-top-k': -1 }));
    const names = checkpointsOf('all');
    expect(epochsIn(names)).toEqual([1, 2, 3, 4]);
    expect(names).toContain('last.ckpt');
    expect(names).toHaveLength(5);
  });

  it('are the best of one mode or the other, none, or none at all', async () => {
    await bench.succeed(...argumentsOf('min'));
    await bench.succeed(...argumentsOf('max', { '--checkpoint-mode': 'max' }));
    const [best, worst] = ['min', 'max'].map((folder) => epochsIn(checkpointsOf(folder)));
    expect([best?.length, worst?.length]).toEqual([1, 1]);
    expect(best).not.toEqual(worst);
    await bench.succeed(...argumentsOf('none', { '--checkpoint-save-top-k': 0 }));
    expect(checkpointsOf('none')).toEqual(['last.ckpt']);
    await bench.succeed(...argumentsOf('off'), '--disable-checkpointing');
    expect(checkpointsOf('off')).toEqual([]);
    for (const folder of ['max', 'none', 'off']) expect(bundleOf(folder).equals(bundleOf('min'))).toBe(true);
  });

  it('are judged by the loss that is named', async () => {
    const named = argumentsOf('named', { '--checkpoint-monitor': 'mae_val_loss' });
    const { code, stderr } = await bench.run(...named);
    expect(code).toBe(2);
    expect(stderr).toMatch(/execution\.checkpointMonitorMetric: received mae_val_loss, expected val_loss, /);
    const validated = { '--test_data_file': scan, '--checkpoint-save-top-k': -1 };
    await bench.succeed(...argumentsOf('validated', validated));
    expect(checkpointsOf('validated')[0]).toMatch(/^epoch=01-poisson_val=/);
    const byTraining = { ...validated, '--checkpoint-monitor-metric': 'train_loss' };
    await bench.succeed(...argumentsOf('by-training', byTraining));
    expect(checkpointsOf('by-training')[0]).toMatch(/^epoch=01-poisson_train=/);
  });
});

describe('the ledger that a run leaves', () => {
  const named = (step: string): string => bench.path('all', 'checkpoints', step);
  const verify = (folder: string, ...more: string[]) =>
    bench.run('runs', 'verify', bench.path(folder), '--coordinator', address, '--json', ...more);

  it('is computed again to the same bits, from the start or from the nearest checkpoint', async () => {
    const whole = await verify('all');
    expect([whole.code, JSON.parse(whole.stdout)]).toEqual([
      0,
      expect.objectContaining({ verified: true, first: 1, last: 8, compared: 8 }),
    ]);
    // Step 6 lies in the third epoch: it is reached from the end of the second.
    const part = await verify('all', '--steps', '6');
    expect(JSON.parse(part.stdout)).toMatchObject({ verified: true, first: 5, last: 6, compared: 2 });
    for (const range of ['0..3', '7..9', '5..4', 'x'])
      expect((await verify('all', '--steps', range)).code).toBe(2);
  });

  it('shows the first step that comes out otherwise, with its tensor and who computed it', async () => {
    const { head, steps } = ledgerOf('all');
    mkdirSync(bench.path('forged'));
    copyFileSync(bench.path('all', 'run.json'), bench.path('forged', 'run.json'));
    copyFileSync(bench.path('all', 'ledger-workers.jsonl'), bench.path('forged', 'ledger-workers.jsonl'));
    let chain = head.genesis;
    const forged = steps.map((step) => {
      const gradientTensors =
        step.step === 3 ? `00000000${step.gradientTensors.slice(8)}` : step.gradientTensors;
      const { gradient } = step.step === 3 ? steps[0]! : step;
      const entry = chained(chain, { ...step, gradient, gradientTensors });
      chain = entry.chain;
      return entry;
    });
    writeFileSync(bench.path('forged', 'ledger.jsonl'), ledgerText({ head, steps: forged }));
    const where = `the merged gradient of step 3, first in ${head.tensors[0]}`;
    const { code, stderr } = await verify('forged');
    expect(code).toBe(1);
    expect(stderr).toContain(`${where} comes out otherwise (computed then: shards `);
    const parted = await bench.run('runs', 'diff', bench.path('all'), bench.path('forged'));
    expect([parted.code, parted.stdout]).toEqual([1, expect.stringContaining(`they part at ${where}`)]);
  });

  it('is compared with that of another run, and tells what makes them differ', async () => {
    const same = await bench.run('runs', 'diff', bench.path('all'), bench.path('min', 'ledger.jsonl'));
    expect([same.code, same.stdout]).toEqual([0, 'the same bits in steps 1 to 8\n']);
    await bench.succeed(...argumentsOf('seeded', { '--seed': 7, '--max_epochs': 1 }));
    const other = await bench.run('runs', 'diff', bench.path('all'), bench.path('seeded'), '--json');
    expect([other.code, JSON.parse(other.stdout)]).toEqual([
      1,
      expect.objectContaining({ agree: false, sameStart: false, steps: { first: 1, last: 2 } }),
    ]);
    expect((JSON.parse(other.stdout) as { settings: string[] }).settings).toContain('training.seed');
    const damaged = await bench.run('runs', 'diff', bench.path('all'), named('last.ckpt'));
    expect(damaged.code).toBe(2);
  });
});

describe('--resume', () => {
  it('goes on from a file or a folder to the bytes and the ledger of a run that was never interrupted', async () => {
    const second = checkpointsOf('all').find((name) => name.startsWith('epoch=02')) ?? '';
    const record = ['--config', bench.path('all', 'run.json'), '--coordinator', address];
    const resume = (from: string, folder: string) =>
      bench.succeed('train', ...record, '--resume', from, '--output_dir', bench.path(folder));
    await resume(bench.path('all', 'checkpoints', second), 'from-two');
    expect(bundleOf('from-two').equals(bundleOf('all'))).toBe(true);
    // Two epochs of two steps were behind it.
    expect(ledgerOf('from-two').steps).toEqual(ledgerOf('all').steps.slice(4));
    expect(ledgerOf('from-two').head).toEqual(ledgerOf('all').head);
    await resume(bench.path('all'), 'from-end');
    expect(bundleOf('from-end').equals(bundleOf('all'))).toBe(true);
  });

  it('makes a run longer, as if it had been longer from the start', async () => {
    // A rate that does not depend on how many epochs there will be.
    const constant = { '--scheduler': 'Default' };
    await bench.succeed(...argumentsOf('short', constant));
    await bench.succeed(...argumentsOf('long', { ...constant, '--max_epochs': 6 }));
    const onwards = { ...constant, '--max_epochs': 6, '--resume': bench.path('short') };
    const longer = argumentsOf('longer', onwards);
    await bench.succeed(...longer);
    expect(bundleOf('longer').equals(bundleOf('long'))).toBe(true);
  });

  it('names the setting that differs, and what cannot be read', async () => {
    const other = argumentsOf('other', { '--batch_size': 4, '--resume': bench.path('min') });
    const { code, stderr } = await bench.run(...other);
    expect(code).toBe(2);
    expect(stderr).toMatch(/training\.batchSize: received 4, expected 8 as in the checkpoint; resume with/);
    const missing = await bench.run(...argumentsOf('other', { '--resume': bench.path('nowhere') }));
    expect([missing.code, missing.stderr]).toEqual([
      2,
      expect.stringMatching(/--resume .*: there is no such file/),
    ]);
    const wrong = await bench.run(...argumentsOf('other', { '--resume': scan }));
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(/it is not a checkpoint of this program/),
    ]);
  });

  it('is not needed where a fleet goes on with what its client gave up', async () => {
    const run = bench.start([...argumentsOf('left', { '--max_epochs': 100_000 }), '--json']);
    await run.said(/"type":"epoch".*"epoch":3/);
    run.signal('SIGINT');
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    const said = String(jsonLines(stderr).at(-1)?.message);
    const there = `--coordinator ${address}`;
    const runId = /watch (\S+)/.exec(said)?.[1] ?? '';
    expect(said).toBe(
      `interrupted; the fleet goes on with it; see it with: ptychofleet watch ${runId} ${there}, end it with: ptychofleet cancel ${runId} ${there}`,
    );
    const watching = bench.start(['watch', runId, '--coordinator', address, '--json']);
    await watching.said(/"type":"epoch".*"epoch":6/);
    await bench.succeed('cancel', runId, '--coordinator', address);
    expect((await watching.ended).code).toBe(1);
  });
});
