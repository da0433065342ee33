import { describe, expect, it } from 'vitest';
import { registryOf } from './fields/registry.ts';
import { flagsOf } from './flags.ts';
import { runCommands, type RunCommand } from './levels/command-line.ts';
import { referenceTable, refusedTable } from './reference.ts';

const commands = Object.keys(runCommands) as RunCommand[];
const describedBy = (command: RunCommand, flag: string) =>
  flagsOf(command).filter(({ flags, negations }) => [...flags, ...negations].includes(flag));

describe.each(commands)('flags of %s', (command) => {
  const descriptors = flagsOf(command);
  const spellings = descriptors.flatMap(({ flags, negations }) => [...flags, ...negations]);

  it('lists every spelling once', () => {
    expect(spellings.toSorted()).toEqual([...registryOf(runCommands[command]).flags.keys()].toSorted());
    expect(new Set(spellings).size).toBe(spellings.length);
  });

  it('describes each flag in one sentence', () => {
    for (const { flags, help, field } of descriptors) {
      expect(flags.length, field).toBeGreaterThan(0);
      expect(help, field).toMatch(/^[^\n]+\.( \[\w+\])?$/);
    }
  });

  it('offers no value that would be refused', () => {
    for (const { refused, choices, defaultText } of descriptors) {
      if (refused === null && choices !== null)
        expect([...choices, 'none', 'required']).toContain(defaultText);
    }
    expect(describedBy(command, '--accelerator')[0]?.choices).toEqual(['auto', 'cpu', 'gpu', 'cuda']);
  });

  it('has a row for each flag it serves and one for each it explains', () => {
    const rows = (table: string) => table.trimEnd().split('\n').slice(2);
    const served = descriptors.filter(({ refused }) => refused === null);
    expect(rows(referenceTable(command))).toHaveLength(served.length);
    expect(rows(refusedTable(command))).toHaveLength(descriptors.length - served.length);
  });
});

describe('single flags', () => {
  it('batch size', () => {
    expect(describedBy('train', '--batch-size')).toEqual([
      {
        flags: ['--batch_size', '--batch-size'],
        negations: [],
        valueName: 'INT',
        choices: null,
        defaultText: '16',
        help: 'Groups per optimiser step over all workers together; raise it to keep many workers busy. [groups]',
        group: 'Optimisation',
        required: false,
        deprecated: null,
        refused: null,
        field: 'training.batchSize',
      },
    ]);
  });

  it("shows a command's own defaults", () => {
    expect(describedBy('train', '--max_epochs')[0]?.defaultText).toBe('100');
    expect(describedBy('train', '--gridsize')[0]?.defaultText).toBe('2');
    expect(describedBy('infer', '--n_images')[0]?.defaultText).toBe('none');
    expect(describedBy('train', '--train_data_file')[0]?.defaultText).toBe('required');
  });

  it('switches come with what turns them off', () => {
    expect(describedBy('train', '--deterministic')[0]).toMatchObject({
      valueName: null,
      defaultText: 'on',
      negations: expect.arrayContaining(['--no-deterministic']) as unknown,
    });
    expect(describedBy('train', '--quiet')[0]).toMatchObject({
      valueName: null,
      defaultText: 'off',
      help: 'Short for --disable-progress-bar.',
    });
    expect(describedBy('train', '--disable_mlflow')[0]?.deprecated).toBe('use --logger none and --quiet');
  });

  it('explains what it does not serve', () => {
    expect(describedBy('train', '--pin-memory')[0]?.refused).toContain('keeps its patterns in memory');
    expect(describedBy('train', '--fno-modes')[0]?.refused).toContain('Fourier');
    expect(describedBy('infer', '--gridsize')[0]?.refused).toBe(
      'the weight bundle decides it, so leave it out',
    );
    expect(describedBy('infer', '--logger')[0]?.refused).toBe(
      'it belongs to a training run, so leave it out',
    );
  });
});

it('the reference table has the columns of the specification', () => {
  const [header, rule, ...rows] = referenceTable('train').split('\n');
  expect(header).toBe('| Flag | Type | Default | Description | Config field |');
  expect(rule).toBe('| --- | --- | --- | --- | --- |');
  expect(rows).toContain(
    '| `--learning-rate` | float | 0.001 | Base learning rate; lower it when the loss jumps, typically 1e-4 to 1e-3. | `training.learningRate` |',
  );
  expect(rows.join('\n')).toContain('| `--deterministic` / `--no-deterministic` | switch | on |');
});
