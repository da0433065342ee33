import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { flagsOf, type RunCommand } from '@ptychofleet/config';
import { expect, it } from 'vitest';
import { benchWithScan, runProgram } from './program.test-support.ts';

const docs = new URL('../../../docs/', import.meta.url);
const bench = benchWithScan();
const page = (name: string): string => readFileSync(new URL(name, docs), 'utf8').replaceAll('\\\n', ' ');
const commandsOf = (name: string): readonly string[] =>
  [...page(name).matchAll(/ptychofleet ((?:config resolve )?(?:train|infer) --(?!help)[^#>|\n`]+)/g)].map(
    ([, line = '']) => line.trim(),
  );
const commands = commandsOf('guide.md');

it('the guide shows runs of both kinds', () => {
  expect(commands.filter((line) => line.startsWith('train ')).length).toBeGreaterThan(4);
  expect(commands.filter((line) => line.startsWith('infer ')).length).toBeGreaterThan(0);
});

it('the quick reference for contributors shows the execution flags', () => {
  const shown = `${commandsOf('../CONTRIBUTING.md').join(' ')} `;
  for (const flag of ['accelerator', 'deterministic', 'no-deterministic', 'num-workers', 'learning-rate', 'inference-batch-size'])
    expect(shown).toContain(`--${flag} `);
}); // prettier-ignore

// Those of a saved run are covered by config-commands.test.ts.
const toTry = [...commands, ...commandsOf('../CONTRIBUTING.md'), ...commandsOf('../README.md')];
it.each(toTry.filter((line) => !line.includes('--config ')))('%s resolves', async (line) => {
  mkdirSync(join(bench.folder, 'out/s'), { recursive: true });
  writeFileSync(join(bench.folder, 'out/s/wts.h5.zip'), '');
  const words = line
    .split(/\s+/)
    .map((word) => (/^(scan\.npz|out\/|run\.yaml)/.test(word) ? join(bench.folder, word) : word))
    // A recipe for a real scan; ours has sixteen patterns.
    .flatMap((word, i, all) => (all[i - 1] === '--n_images' ? ['8'] : [word]));
  const { code, stderr } = await runProgram(words[0] === 'config' ? words : [...words, '--print-config']);
  expect([code, stderr]).toEqual([0, '']);
});

it('the traceability table has a row for each criterion, and names only files that exist', () => {
  const table = readFileSync(new URL('traceability.md', docs), 'utf8');
  const ids = [...table.matchAll(/^\| (S-\d\d) /gm)].map(([, id]) => id);
  expect(ids).toEqual(Array.from({ length: 54 }, (_, i) => `S-${String(i + 1).padStart(2, '0')}`));
  const paths = [...table.matchAll(/`((?:libs|apps|tests)\/[\w./-]+)`/g)].map(([, path = '']) => path);
  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter((path) => !existsSync(new URL(`../${path}`, docs)))).toEqual([]);
});

it('every row is met, or does not apply', () => {
  const states = [...page('traceability.md').matchAll(/^\| (S-\d\d) +\|[^|]*\| *([^|]*?) *\|/gm)];
  const open = states.filter(([, , state = '']) => !['met', 'does not apply'].includes(state));
  expect(states).toHaveLength(54);
  expect(open).toEqual([]);
});

it('the notes for the next phase hold every refused field, and nothing else', () => {
  const all = ['train', 'infer'].flatMap((command) => flagsOf(command as RunCommand));
  const live = new Set(all.filter(({ refused }) => refused === null).map(({ field }) => field));
  const refused = new Set(all.map(({ field }) => field).filter((field) => !live.has(field)));
  const rows = [...page('next-phase.md').matchAll(/^\| (`[^|]*)\|/gm)].map(([, names = '']) => names);
  const named = rows.flatMap((names) => [...names.matchAll(/`([\w.]+)`/g)].map(([, name = '']) => name));
  expect(named.sort()).toEqual([...refused].sort());
});

it('the index of decisions holds each of them', () => {
  const index = page('adr/README.md');
  const files = readdirSync(new URL('adr', docs)).filter((name) => /^\d{4}-/.test(name));
  expect(files.length).toBeGreaterThan(5);
  expect(files.filter((name) => !index.includes(`[${name.slice(0, 4)}](${name})`))).toEqual([]);
});
