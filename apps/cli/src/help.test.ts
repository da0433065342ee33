import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from './program.ts';
import { runProgram } from './program.test-support.ts';

function paths(command: Command, path: readonly string[] = []): readonly (readonly string[])[] {
  return [path, ...command.commands.flatMap((one) => paths(one, [...path, one.name()]))];
}

const all = paths(createProgram(() => new AbortController().signal, false));
const bin = fileURLToPath(new URL('../bin/ptychofleet.js', import.meta.url));
// These start apps of their own, which print their own help.
const delegated = ['coordinator', 'worker', 'doctor'];

describe('the help of every command', () => {
  it.each(all.map((path) => [['ptychofleet', ...path].join(' '), path] as const))('%s', async (_, path) => {
    const { code, stdout, stderr } = await runProgram([...path, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines[0]).toContain(`Usage: ptychofleet${path.map((name) => ` ${name}`).join('')}`);
    if (!delegated.includes(path.join(' '))) expect(stdout).toMatch(/\nExamples?:\n {2}\S/);
  });

  it.each(delegated)('%s, as the process that it is', (name) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin, name, '--help'], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^Usage: ptychofleet ${name} `));
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).toMatch(/\nExamples?:\n {2}\S/);
  });

  it.each(['train', 'infer'])('%s shows its flags in groups', async (command) => {
    const { stdout } = await runProgram([command, '--help']);
    for (const heading of ['Files:', 'Data and grouping:', 'Device and loading:', 'Fleet:', 'Output:'])
      expect(stdout).toContain(`\n${heading}\n`);
  });

  it('shows examples that the program understands', async () => {
    const texts = await Promise.all([runProgram(['--help'])]);
    expect(texts[0]?.stdout).toContain('ptychofleet demo');
    const help = await runProgram(['train', '--help']);
    const flags = [...help.stdout.matchAll(/^ {2}ptychofleet train (.*(?:\\\n.*)*)/gm)].flatMap(
      ([, line = '']) => line.match(/--[\w-]+/g) ?? [],
    );
    expect(flags.length).toBeGreaterThan(5);
    const known = createProgram(() => new AbortController().signal, false).commands.find(
      (one) => one.name() === 'train',
    );
    for (const flag of flags) expect(known?.options.some(({ long }) => long === flag)).toBe(true);
  });
});
