import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { benchWithScan, runProgram } from './program.test-support.ts';

const docs = new URL('../../../docs/', import.meta.url);
const bench = benchWithScan();
const guide = readFileSync(new URL('guide.md', docs), 'utf8').replaceAll('\\\n', ' ');
const commands = [...guide.matchAll(/ptychofleet ((?:train|infer) --(?!help)[^#>|\n`]+)/g)].map(
  ([, line = '']) => line.trim(),
);

it('the guide shows runs of both kinds', () => {
  expect(commands.filter((line) => line.startsWith('train ')).length).toBeGreaterThan(4);
  expect(commands.filter((line) => line.startsWith('infer ')).length).toBeGreaterThan(0);
});

// Those of a saved run are covered by config-commands.test.ts.
it.each(commands.filter((line) => !line.includes('--config ')))('%s resolves', async (line) => {
  mkdirSync(join(bench.folder, 'out/s'), { recursive: true });
  writeFileSync(join(bench.folder, 'out/s/wts.h5.zip'), '');
  const words = line
    .split(/\s+/)
    .map((word) => (/^(scan\.npz|out\/|run\.yaml)/.test(word) ? join(bench.folder, word) : word))
    // A recipe for a real scan; ours has sixteen patterns.
    .flatMap((word, i, all) => (all[i - 1] === '--n_images' ? ['8'] : [word]));
  const { code, stderr } = await runProgram([...words, '--print-config']);
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
