import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { npzOf, validEntries } from '../../libs/data/src/scan.test-support.ts';
import { Bench, childrenOf, filesBelow, isAlive, jsonLines, type Running } from './processes.test-support.ts';
import { inferArguments, simulateScan, trainArguments } from './runs.test-support.ts';

const bench = new Bench();
const out = bench.path('out');
const temporary = bench.path('tmp');
/** The folder of a run of three epochs that nothing interrupts. */
const whole = bench.path('whole');
const trained = ['ledger-workers.jsonl', 'ledger.jsonl', 'loss.png', 'run.json', 'wts.h5.zip'];
const logs = ['coordinator', 'worker-1', 'worker-2'].map((name) => `logs/${name}.log`);
let scan = '';

/** An interrupted run leaves the metrics and checkpoints that it had, in folders of their own. */
const ownFolder = /^(lightning_logs|checkpoints)\//;
const withoutOwnFolders = (folder: string): string[] =>
  filesBelow(folder).filter((name) => !ownFolder.test(name));

beforeAll(async () => {
  mkdirSync(temporary);
  scan = await simulateScan(bench);
});

describe('what a command prints', () => {
  it('with --json: the result alone on stdout, a record on every line of stderr', async () => {
    const { stdout, stderr } = await bench.succeed(
      ...trainArguments(scan, out, { '--workers': 1, '--max_epochs': 1 }),
      '--json',
    );
    expect(stdout.indexOf('\n')).toBe(stdout.length - 1);
    const result = JSON.parse(stdout) as Record<string, unknown>;
    expect(result).toMatchObject({ type: 'result', command: 'train', epochs: 1 });
    const types = jsonLines(stderr).map(({ type }) => type);
    expect(new Set(types)).toEqual(new Set(['note', 'progress', 'epoch']));
    const metrics = ['hparams.yaml', 'metrics.csv'].map((name) => `lightning_logs/version_0/${name}`);
    const [best, ...others] = filesBelow(out).filter((name) => !name.startsWith('logs/'));
    expect(best).toMatch(/^checkpoints\/epoch=01-poisson_train=[\d.]+\.ckpt$/);
    const [ledgers, files] = [trained.slice(0, 2), trained.slice(2)];
    expect(others).toEqual(['checkpoints/last.ckpt', ...ledgers, ...metrics, ...files]);
  });

  it('with --json: a failure as one record more, and no result', async () => {
    for (const flag of ['--batch_size', '--no-such-flag']) {
      const ended = await bench.run(...trainArguments(scan, bench.path('none'), { [flag]: 7 }), '--json');
      expect([ended.code, ended.stdout]).toEqual([2, '']);
      expect(jsonLines(ended.stderr)).toMatchObject([{ type: 'error', kind: 'invalid-input' }]);
    }
  });

  it('into a pipe: a warning once, a line per epoch, the files at the end', async () => {
    const [folder, dark] = [bench.path('plain'), bench.path('dark.npz')];
    const entries = validEntries(4);
    (entries['diff3d']!.data as Float32Array).fill(0, 0, 64 * 64);
    writeFileSync(dark, npzOf(entries));
    const flags = { '--workers': 1, '--test_data_file': dark };
    const { stdout, stderr } = await bench.succeed(...trainArguments(scan, folder, flags));
    const lines = stderr.split('\n');
    expect(lines.filter((line) => line.includes('all zero'))).toEqual([
      'warning: dark.npz: diff3d holds 1 patterns of 4 that are all zero',
    ]);
    expect(lines.filter((line) => /^epoch [12]\/2 {2}loss .* {2}val .* patterns\/s/.test(line))).toHaveLength(
      2,
    );
    expect(stdout).toContain(`wrote ${folder}/wts.h5.zip`);
    // No cursor control outside a terminal.
    expect(stdout + stderr).not.toContain('\x1b');
  });

  it('with --quiet: nothing', async () => {
    const commands = [
      ['simulate', bench.path('quiet.npz'), '--count', '8'],
      trainArguments(scan, whole, { '--workers': 1, '--max_epochs': 3 }),
      inferArguments(whole, scan, bench.path('rec'), '--workers', '1'),
    ];
    for (const command of commands) {
      const { stdout, stderr } = await bench.succeed(...command, '--quiet');
      expect([stdout, stderr]).toEqual(['', '']);
    }
  });
});

describe('an interrupted training', () => {
  const endless = (): Running =>
    bench.start([...trainArguments(scan, out, { '--workers': 2, '--max_epochs': 10_000 }), '--json'], {
      TMPDIR: temporary,
    });
  const familyWhen = async (run: Running, count: number): Promise<number[]> => {
    for (;;) {
      const family = childrenOf(run.pid);
      if (family.length >= count) return family;
      await setTimeout(20);
    }
  };

  it.each([
    ['while its fleet starts', 1, /^/],
    ['in mid-run', 3, /"type":"progress"/],
  ])('%s leaves no process, no temporary file and the results of the run before', async (_, count, when) => {
    const before = readFileSync(`${out}/wts.h5.zip`);
    const run = endless();
    await run.said(when);
    const family = await familyWhen(run, count);
    run.signal('SIGINT');
    const { code, stdout, stderr } = await run.ended;
    expect([code, stdout]).toEqual([130, '']);
    // The checkpoints in the folder are those of the run before: nothing is offered that this run has not done.
    expect(jsonLines(stderr).at(-1)).toMatchObject({
      type: 'error',
      kind: 'interrupted',
      message: 'interrupted; there is no checkpoint yet, start again with the same command',
    });
    expect(family.filter(isAlive)).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
    expect(withoutOwnFolders(out)).toEqual([...trained, ...logs].sort());
    expect(readFileSync(`${out}/wts.h5.zip`).equals(before)).toBe(true);
  });

  it('with a checkpoint tells the command that goes on, which does', async () => {
    const folder = bench.path('stopped');
    const arguments_ = trainArguments(scan, folder, { '--workers': 1, '--max_epochs': 3 });
    const run = bench.start([...arguments_, '--json'], { TMPDIR: temporary });
    await run.said(/"type":"epoch".*"epoch":2/);
    run.signal('SIGTERM');
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    const said = String(jsonLines(stderr).at(-1)?.message);
    const command = /^interrupted; go on from the last checkpoint with: ptychofleet (.*)$/.exec(said)?.[1];
    expect(command).toBe(`train --config ${folder}/run.json --resume ${folder}`);
    await bench.succeed(...(command ?? '').split(' '));
    expect(readFileSync(`${folder}/wts.h5.zip`).equals(readFileSync(`${whole}/wts.h5.zip`))).toBe(true);
  });

  it('that could not even say goodbye leaves no process', async () => {
    const run = endless();
    await run.said(/"type":"progress"/);
    const family = await familyWhen(run, 3);
    run.signal('SIGKILL');
    await run.ended;
    // Nobody waits for them any more: they end when they notice, and the test's timeout is the limit.
    while (family.some(isAlive)) await setTimeout(50);
    expect(withoutOwnFolders(out)).toEqual([...trained, ...logs].sort());
  });
});
