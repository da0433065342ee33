import { spawnSync } from 'node:child_process';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { completionScript, shells } from './completion.ts';
import { createProgram } from './program.ts';
import { benchWithScan, runProgram } from './program.test-support.ts';

const program = createProgram(() => new AbortController().signal, false);
const bench = benchWithScan();
const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;

/** What a real bash offers behind these words, the last of which is being typed. */
function offered(...words: readonly string[]): readonly string[] {
  const script = [
    completionScript(program, 'bash'),
    `cd "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ptychofleet`,
    `printf '%s\\n' "\${COMPREPLY[@]}"`,
  ].join('\n');
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script, 'bash', bench.folder, ...words]);
  expect([status, stderr.toString()]).toEqual([0, '']);
  return stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '');
}

describe.skipIf(!has('bash'))('in bash', () => {
  it('commands, at every depth', () => {
    expect(offered('ptychofleet', 'tr')).toEqual(['train']);
    expect(offered('ptychofleet', '')).toEqual(
      expect.arrayContaining(program.commands.map((one) => one.name())),
    );
    expect(offered('ptychofleet', 'config', 'resolve', 'i')).toEqual(['infer']);
    expect(offered('ptychofleet', 'completion', 'z')).toEqual(['zsh']);
  });

  it('flags of the command that is typed, not of another', () => {
    expect(offered('ptychofleet', 'train', '--learning')).toEqual(['--learning-rate']);
    expect(offered('ptychofleet', 'infer', '--learning')).toEqual([]);
    expect(offered('ptychofleet', 'config', 'resolve', 'train', '--learning')).toEqual(['--learning-rate']);
  });

  it('values of a closed set, without those that are refused', () => {
    expect(offered('ptychofleet', 'train', '--accelerator', '')).toEqual(['auto', 'cpu', 'gpu', 'cuda']);
    expect(offered('ptychofleet', 'train', '--quiet', '--optimizer', 'adam')).toEqual(['adam', 'adamw']);
    expect(offered('ptychofleet', 'simulate', '--scan', '')).not.toEqual([]);
  });

  it('files elsewhere', () => {
    expect(offered('ptychofleet', 'train', '--train_data_file', 'sc')).toEqual(['scan.npz']);
  });
});

function flagsIn(command: Command): readonly string[] {
  const own = command.options.filter(({ hidden }) => !hidden).map(({ long }) => long?.slice(2) ?? '');
  return [...own, ...command.commands.flatMap(flagsIn)];
}

describe.each(shells)('the script for %s', (shell) => {
  it('knows every command and flag of the help', async () => {
    const { code, stdout } = await runProgram(['completion', shell]);
    expect(code).toBe(0);
    for (const flag of flagsIn(program)) expect(stdout).toMatch(new RegExp(`(--|-l )${flag}[ ")]`));
    for (const one of program.commands) expect(stdout).toContain(one.name());
  });

  it.skipIf(!has(shell))('is read by the shell without complaint', () => {
    const { status, stderr } = spawnSync(shell, ['-n'], { input: completionScript(program, shell) });
    expect([status, stderr.toString()]).toEqual([0, '']);
  });
});

it('of an unknown shell is refused', async () => {
  const { code, stderr } = await runProgram(['completion', 'tcsh']);
  expect(code).toBe(2);
  expect(stderr).toContain('bash');
});
