import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { benchWithScan, runProgram } from './program.test-support.ts';

const bench = benchWithScan();
const run = ['--train_data_file', bench.scan, '--n_images', '8', '--gridsize', '1'];
const resolve = ['config', 'resolve', 'train', ...run];

describe('--logger', () => {
  it.each([
    [['--logger', 'csv', '--logger', 'tensorboard'], 'csv,tensorboard'],
    [['--logger', 'tensorboard, csv'], 'csv,tensorboard'],
    [['--logger-backend', 'csv', '--logger', 'csv'], 'csv'],
    [['--logger', 'none'], null],
  ])('%j means %s', async (flags, value) => {
    const { code, stdout } = await runProgram([...resolve, '--json', ...flags]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).spec.execution.loggerBackend).toBe(value);
  });

  it.each([
    ['what is no logger', ['--logger', 'csv,wandb'], 'one or more of csv, tensorboard, mlflow'],
    ['a password in an address', ['--logger', 'mlflow', '--mlflow-tracking-uri', 'http://me:secret@host'], "without a user's name or password"],
    ['a server that nothing would go to', ['--mlflow-tracking-uri', 'http://host'], 'input.mlflowTrackingUri'],
  ])('refuses %s', async (_, flags, message) => {
    const { code, stderr } = await runProgram([...resolve, ...flags]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  }); // prettier-ignore

  it('refuses mlflow without a server before anything is started', async () => {
    const out = join(bench.folder, 'none');
    const args = ['train', ...run, '--output_dir', out, '--logger', 'mlflow'];
    const { code, stderr } = await runProgram(args, { MLFLOW_TRACKING_URI: '' });
    expect([code, stderr]).toEqual([2, expect.stringContaining('set MLFLOW_TRACKING_URI')]);
    expect(existsSync(out)).toBe(false);
  });
});
