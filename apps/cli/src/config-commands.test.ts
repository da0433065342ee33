import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { benchWithScan, runProgram } from './program.test-support.ts';

const bench = benchWithScan();
const train = ['--train_data_file', bench.scan, '--gridsize', '1', '--n_images', '8'];

describe('config resolve', () => {
  it('prints values with who decided them, and writes nothing', async () => {
    const before = readdirSync(bench.folder);
    const { code, stdout } = await runProgram(['config', 'resolve', 'train', ...train], {
      PTYCHOFLEET_SEED: '7',
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^data\.nGroups +8 +--n_images \(command-line\)$/m);
    expect(stdout).toMatch(/^training\.seed +7 +PTYCHOFLEET_SEED \(environment\)$/m);
    expect(stdout).toMatch(/^training\.seed +42 → 7 +PTYCHOFLEET_SEED \(environment\)$/m);
    expect(stdout).toMatch(/^model\.N +64 +probe of .*scan\.npz \(inferred\)$/m);
    expect(readdirSync(bench.folder)).toEqual(before);
  });

  it('prints the payload and the trail as JSON', async () => {
    const { stdout } = await runProgram(['config', 'resolve', 'train', ...train, '--json']);
    const { spec, inputs, overrides_applied: trail } = JSON.parse(stdout);
    expect(spec.data.nGroups).toBe(8);
    expect(inputs.trainDataFile).toBe(bench.scan);
    expect(trail).toContainEqual({
      field: 'data.nGroups',
      level: 'command-line',
      source: '--n_images',
      oldValue: 512,
      newValue: 8,
    });
  });

  it.each([
    ['flag', ['--batchsise', '8'], '', {}, 'batch_size'],
    ['key', [], 'training: {batchSise: 8}', {}, 'training.batchSize'],
    ['variable', [], '', { PTYCHOFLEET_BATCH_SISE: '8' }, 'PTYCHOFLEET_BATCH_SIZE'],
  ])('answers a misspelt %s with the nearest name', async (_, flags, text, environment, nearest) => {
    const file = bench.file('run.yaml', text);
    const args = ['config', 'resolve', 'train', ...train, ...flags, '--config', file];
    const { code, stdout, stderr } = await runProgram(args, environment);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(nearest);
  });
});

describe('--print-config and --save-config', () => {
  const flags = [...train, '--learning-rate', '5e-4', '--optimizer', 'adamw', '--output_dir', 'out/none'];

  it('print what --config repeats, for train', async () => {
    const saved = join(bench.folder, 'saved.yaml');
    const first = await runProgram(['train', ...flags, '--print-config', '--save-config', saved]);
    expect(first.code).toBe(0);
    expect(readFileSync(saved, 'utf8')).toBe(first.stdout);
    const again = await runProgram(['train', '--config', saved, '--print-config'], { PTYCHOFLEET_SEED: '9' });
    expect(again.stdout).toBe(first.stdout);
    const asJson = await runProgram(['train', '--config', saved, '--print-config', '--json']);
    expect(JSON.parse(asJson.stdout)).toEqual(parse(first.stdout));
    expect(existsSync('out/none')).toBe(false);
  });

  it('repeat a run from its record alone, by the command that made it', async () => {
    const { stdout } = await runProgram(['config', 'resolve', 'train', ...flags, '--json']);
    const record = bench.file('run.json', stdout);
    expect(JSON.parse(stdout).inputs.outputDir).toBe('out/none');
    const wanted = await runProgram(['train', ...flags, '--print-config']);
    expect((await runProgram(['train', '--config', record, '--print-config'])).stdout).toBe(wanted.stdout);
    const other = await runProgram(['infer', '--config', record, '--print-config']);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain('record of a training run');
  });

  it('name a place that cannot be written', async () => {
    const nowhere = join(bench.scan, 'saved.yaml');
    const { code, stderr } = await runProgram([
      'train',
      ...flags,
      '--print-config',
      '--save-config',
      nowhere,
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain(`--save-config ${nowhere} cannot be written`);
  });
});

describe('config schema', () => {
  it('takes what --config takes and refuses what it refuses', async () => {
    const { stdout } = await runProgram(['config', 'schema']);
    const text = JSON.parse(stdout);
    expect(text.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    const schema = z.fromJSONSchema(text);
    const takes = (yaml: string): boolean => schema.safeParse(parse(yaml)).success;
    const printed = await runProgram(['train', ...train, '--print-config']);
    expect(takes(printed.stdout)).toBe(true);
    expect(takes('batch_size: 8\nmodel: {gridsize: 2}\nn_images: null')).toBe(true);
    for (const bad of ['batchsise: 8', 'batch_size: big', 'model: {gridsise: 2}', 'accelerator: tpu', '[]'])
      expect([bad, takes(bad)]).toEqual([bad, false]);
  });

  it('says what a field is for and leaves out what would be refused', async () => {
    const { stdout } = await runProgram(['config', 'schema']);
    const fields = JSON.parse((await runProgram(['config', 'fields', '--json'])).stdout);
    const { $defs } = JSON.parse(stdout);
    const open = fields.filter((one: { refused: string | null }) => one.refused === null);
    const paths = new Set(open.map((one: { field: string }) => one.field));
    paths.delete('input.configFile');
    expect(new Set(Object.keys($defs))).toEqual(paths);
    expect($defs['training.epochs']).toMatchObject({ type: 'integer', minimum: 1, default: 100 });
    expect($defs['training.epochs'].description).toContain('Passes over all groups');
  });
});

it('config fields lists flag, variable, default and description', async () => {
  const { stdout } = await runProgram(['config', 'fields', 'train']);
  expect(stdout).toContain(
    'training.batchSize (train), default 16\n    --batch_size  PTYCHOFLEET_BATCH_SIZE\n    Groups per optimiser step',
  );
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});
