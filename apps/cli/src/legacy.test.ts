import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { benchWithScan, runProgram } from './program.test-support.ts';

const bench = benchWithScan();
const resolve = ['config', 'resolve', 'train'];
const few = ['--n_images', '8', '--gridsize', '1'];
const newInterface = ['--train_data_file', bench.scan];

/** A folder with so many scans, and something that is none. */
function folderOf(count: number): string {
  const folder = join(bench.folder, `data${count}`);
  mkdirSync(folder, { recursive: true });
  for (let i = 0; i < count; i++) copyFileSync(bench.scan, join(folder, `scan${i}.npz`));
  copyFileSync(bench.scan, join(folder, 'notes.txt'));
  return folder;
}
const json = bench.file(
  'old.json',
  JSON.stringify({
    data_config: { C: 4, n_subsample: 7 },
    model_config: { C_forward: 4, C_model: 4, object_big: true },
    training_config: { epochs: 3, batch_size: 8 },
  }),
);

/** All orders of the flags with their values. */
function orders(flags: readonly (readonly string[])[]): readonly (readonly string[])[] {
  if (flags.length < 2) return [flags.flat()];
  return flags.flatMap((first, i) => orders(flags.toSpliced(i, 1)).map((rest) => [...first, ...rest]));
}

describe('the older training interface', () => {
  const flags = [
    ['--ptycho_dir', folderOf(1)],
    ['--config', json],
    ['--n_images', '8'],
  ];
  it.each(orders(flags))('%s %s %s %s %s %s: the order says nothing', async (...args) => {
    const { code, stdout } = await runProgram([...resolve, ...args, '--json']);
    expect(code).toBe(0);
    const { inputs, spec, warnings } = JSON.parse(stdout);
    expect(inputs.trainDataFile).toBe(join(folderOf(1), 'scan0.npz'));
    expect(spec.model).toMatchObject({ gridsize: 2, objectBig: true });
    expect(spec.training).toMatchObject({ epochs: 3, batchSize: 8 });
    expect(warnings).toEqual([
      '--ptycho_dir is deprecated: name the scan with --train_data_file',
      expect.stringMatching(/old\.json: data_config, model_config, training_config are deprecated/),
    ]);
  });

  it('warns on stderr and is saved as the new one', async () => {
    const saved = join(bench.folder, 'saved.yaml');
    const args = ['train', ...flags.flat(), '--print-config', '--save-config', saved];
    const old = await runProgram(args);
    expect(old.code).toBe(0);
    expect(old.stdout).not.toContain('ptychoDir');
    expect(old.stderr.trim().split('\n')).toEqual([
      'warning: --ptycho_dir is deprecated: name the scan with --train_data_file',
      expect.stringMatching(
        /^warning: .*old\.json: data_config, model_config, training_config are deprecated/,
      ),
    ]);
    const again = await runProgram(['train', '--config', saved, '--print-config']);
    expect([again.stdout, again.stderr]).toEqual([old.stdout, '']);
  });

  it.each([
    ['two scans', ['--ptycho_dir', folderOf(2)], {}, 'data2 holds 2 scans, expected one .npz file'],
    ['no scan', ['--ptycho_dir', folderOf(0)], {}, 'data0 holds 0 scans'],
    ['no folder', ['--ptycho_dir', 'nowhere'], {}, 'nowhere is no folder'],
    ['a file', ['--ptycho_dir', bench.scan], {}, 'scan.npz is no folder'],
    ['an output folder', ['--output_dir', 'out', '--ptycho_dir', folderOf(1)], {}, '--ptycho_dir and --output_dir belong to two interfaces'],
    ['a scan', ['--ptycho_dir', folderOf(1), ...newInterface], {}, '--ptycho_dir and --train_data_file belong to two interfaces'],
    ['a scan of the shell', ['--ptycho_dir', folderOf(1)], { PTYCHOFLEET_TRAIN_DATA_FILE: 'a.npz' }, 'and PTYCHOFLEET_TRAIN_DATA_FILE belong'],
    ['the file alone', ['--config', json], {}, 'give --train_data_file'],
    ['nothing', [], {}, 'give --train_data_file'],
  ])('%s: ends with code 2 and makes nothing', async (_, args, environment, message) => {
    const { code, stdout, stderr } = await runProgram(['train', ...few, ...args], environment);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(message)]);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(existsSync('training_outputs')).toBe(false);
  }); // prettier-ignore
});

describe('the older inference interface', () => {
  const model = join(bench.folder, 'model');
  mkdirSync(model);
  copyFileSync(bench.scan, join(model, 'wts.h5.zip'));
  const flags = [
    ['--test_data', bench.scan],
    ['--model_path', model],
    ['--n_images', '8'],
  ];

  it.each(orders(flags))('%s %s %s %s %s %s: --model_path need not come first', async (...args) => {
    expect((await runProgram(['config', 'resolve', 'infer', ...args])).code).toBe(0);
  });

  it.each([
    ['--run_id', 'abc'],
    ['--infer_dir', 'data'],
    ['--file_index', '1'],
  ])('%s is answered wherever it stands, with code 2', async (...flag) => {
    for (const args of orders([flag, ...flags])) {
      const { code, stderr } = await runProgram(['infer', ...args]);
      expect([code, stderr]).toEqual([2, expect.stringContaining('--model_path and --test_data')]);
    }
  });

  it('takes no folder to train on', async () => {
    const { code, stderr } = await runProgram(['infer', '--ptycho_dir', 'data', ...flags.flat()]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('it belongs to a training run')]);
  });
});

describe('--disable_mlflow', () => {
  const disabled = '--disable_mlflow is deprecated: use --logger none and --quiet';

  it.each([
    [['--logger', 'csv', '--disable_mlflow'], ['Ignoring --logger, since --disable_mlflow is given']],
    [['--disable_mlflow', '--logger', 'mlflow,csv'], ['Ignoring --logger, since --disable_mlflow is given']],
    [['--disable_mlflow', '--enable-progress-bar'], ['Ignoring --enable-progress-bar, since --disable_mlflow is given']],
    [['--disable_mlflow', '--logger', 'none', '--quiet'], []],
    [['--disable_mlflow'], []],
  ])('%j turns logging and progress off and says what it overrules', async (flags, overruled) => {
    const { code, stdout } = await runProgram([...resolve, ...newInterface, ...few, ...flags, '--json']);
    expect(code).toBe(0);
    const { spec, warnings } = JSON.parse(stdout);
    expect(spec.execution).toMatchObject({ loggerBackend: null, enableProgressBar: false });
    expect(warnings).toEqual([disabled, ...overruled]);
  }); // prettier-ignore
});

describe('--device', () => {
  it.each([
    [['--device', 'cpu'], 'cpu', ['--device is deprecated: use --accelerator']],
    [['--device', 'cuda'], 'gpu', ['--device is deprecated: use --accelerator']],
    [['--accelerator', 'cpu', '--device', 'cuda'], 'cpu', ['--device is deprecated: use --accelerator', expect.stringContaining('Ignoring --device value')]],
  ])('%j', async (flags, accelerator, warnings) => {
    const { stdout } = await runProgram([...resolve, ...newInterface, ...few, ...flags, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ spec: { execution: { accelerator } }, warnings });
  }); // prettier-ignore
});
