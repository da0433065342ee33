import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bytesOf } from '@ptychofleet/base';
import { readNpz, writeNpz, type NpyArray, type NumericArray } from '@ptychofleet/data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkFile } from './check-file.ts';
import { agrees, passes } from './comparison.ts';
import { refreshPage } from './fidelity-page.ts';
import { committedFolder, defaultFolder, goldenFiles, sharedFolder } from './folders.ts';
import { runGolden } from './run-golden.ts';
import { failures } from './summary.ts';

describe(`golden files in ${defaultFolder()}`, () => {
  it.each(goldenFiles(defaultFolder()))('%s', (name) => {
    const report = checkFile(defaultFolder(), name);
    expect(failures([report])).toEqual([]);
    expect(passes(report)).toBe(true);
  });
});

describe.skipIf(!existsSync(sharedFolder))('committed subset (complete set absent)', () => {
  it.each(goldenFiles(committedFolder))('%s holds the arrays of the complete set', (name) => {
    const [committed, complete] = [committedFolder, sharedFolder].map((folder) => arraysOf(folder, name));
    expect(committed.size).toBeGreaterThan(0);
    for (const [key, array] of committed) {
      const original = complete.get(key) as NumericArray;
      expect([array.dtype, array.shape], key).toEqual([original.dtype, original.shape]);
      expect(Buffer.compare(bytesOf(array.data), bytesOf(original.data)), key).toBe(0);
    }
  });
});

describe('npm run golden reports', () => {
  let folder = '';
  beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), 'ptychofleet-golden-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A committed file under another name, in a folder below, with some of its arrays changed. */
  function changed(source: string, change: (arrays: Map<string, NumericArray>) => void): string {
    const arrays = arraysOf(committedFolder, source);
    change(arrays);
    const name = `below/further vectors of ${source}`;
    mkdirSync(path.join(folder, 'below'), { recursive: true });
    writeFileSync(path.join(folder, name), writeNpz(arrays));
    return name;
  }
  const shift = (key: string, at: number, by: number) => (arrays: Map<string, NumericArray>) => {
    const array = arrays.get(key) as Extract<NumericArray, { dtype: 'float32' | 'complex64' }>;
    const data = array.data.slice();
    data[at] += by;
    arrays.set(key, { ...array, data });
  };

  it('no failure of a file under any name and in any folder', () => {
    const name = changed('translation.npz', () => {});
    expect(failures([checkFile(folder, name)])).toEqual([]);
  });

  // (7, 12, 12) complex: element 2·((3·12 + 4)·12 + 5) + 1 is the imaginary part at [3, 4, 5].
  it.each([
    ['translation.npz', 'out_torch', 2 * ((3 * 12 + 4) * 12 + 5) + 1, 0.01, 'out_torch', '[3, 4, 5] im'],
    ['translation.npz', 'grad_re', 143, 0.01, 'grad_re', '[0, 11, 11]'],
    ['losses.npz', 'poisson_loss', 0, 1, 'poisson_loss', '[]'],
    ['diffraction.npz', 'a_amp', 256 + 16, 1e-4, 'a_amp', '[1, 0, 1, 0]'],
    ['reassembly.npz', 'merged_uniform', 2 * (20 * 10 + 9), 1e-3, 'merged_uniform', '[0, 10, 9] re'],
    ['cnn_gs1_nocbam.npz', 'pred_amp', 64 * 64 + 65, 0.01, 'pred_amp', '[1, 0, 1, 1]'],
    ['stitching.npz', 'bary_probe_canvas', 2 * (68 * 30 + 31), 0.01, 'bary_probe_canvas', '[30, 31] re'],
  ] as const)('%s: a changed %s is found, with its place', (source, key, at, by, tensor, place) => {
    const name = changed(source, shift(key, at, by));
    const report = checkFile(folder, name);
    const differing = report.comparisons.filter((row) => !agrees(row));
    expect(differing.map((row) => [row.tensor, row.place])).toContainEqual([tensor, place]);
    expect(passes(report)).toBe(false);
    const sentences = failures([report]);
    expect(sentences.some((text) => text.startsWith(`${name}: ${tensor} at ${place}: ours `))).toBe(true);
  });

  it('a gradient that does not follow from the weights', () => {
    const name = changed('cnn_gs1_nocbam.npz', (arrays) => {
      const text = new TextDecoder().decode((arrays.get('params_json') as NumericArray).data as Uint8Array);
      const listed = JSON.parse(text) as { params: { name: string; grad_norm: number }[] };
      const last = listed.params.find(({ name: parameter }) => parameter === 'decoder_amp.amp.conv1.weight');
      last!.grad_norm *= 1.001;
      const data = new TextEncoder().encode(JSON.stringify(listed));
      arrays.set('params_json', { dtype: 'uint8', shape: [data.length], data });
    });
    const differing = checkFile(folder, name).comparisons.filter((row) => !agrees(row));
    expect(differing.map(({ tensor, place }) => [tensor, place])).toEqual([
      ['gradient of decoder_amp.amp.conv1.weight', 'norm'],
    ]);
  });

  it('a number that is none', () => {
    const name = changed('translation.npz', shift('out_tf', 8, NaN));
    expect(failures([checkFile(folder, name)])).toEqual([
      expect.stringMatching(/out_tf at \[0, 0, 4\] re: ours .*, the file's NaN; difference none/),
    ]);
  });

  it('a kind that nobody knows, with what it holds and which kinds there are', () => {
    const name = 'strange.npz';
    const array: NpyArray = { dtype: 'float32', shape: [1], data: Float32Array.of(1) };
    writeFileSync(path.join(folder, name), writeNpz([['wavelets', array]]));
    const report = checkFile(folder, name);
    expect(passes(report)).toBe(false);
    expect(failures([report])[0]).toMatch(/unknown kind of file: it holds wavelets; known kinds: .*translation \(img and offset_xy\)/); // prettier-ignore
  });

  it('a key that nobody knows', () => {
    const name = changed('translation.npz', (arrays) => arrays.set('out_jax', arrays.get('out_tf')!));
    expect(failures([checkFile(folder, name)])).toEqual([
      `${name}: unknown keys: out_jax; a file of the kind translation is checked without them`,
    ]);
  });

  it('a key that is missing, a shape that does not fit, bytes that are no archive', () => {
    const lacking = changed('losses.npz', (arrays) => arrays.delete('norm'));
    expect(failures([checkFile(folder, lacking)])[0]).toMatch(/norm: received nothing, expected an array/);
    const flat = changed('translation.npz', (arrays) =>
      arrays.set('img', { ...(arrays.get('img') as NumericArray), shape: [7 * 144] } as NumericArray),
    );
    expect(failures([checkFile(folder, flat)])[0]).toMatch(/img: received shape \(1008\), expected 3 axes/);
    writeFileSync(path.join(folder, 'broken.npz'), 'no archive');
    expect(failures([checkFile(folder, 'broken.npz')])[0]).toMatch(/^broken\.npz: broken\.npz/);
  });

  it('to the page between its markers of a page and leaves the rest as it is', async () => {
    const page = path.join(folder, 'page.md');
    const around = [
      '# Title',
      '',
      'Before.',
      '',
      '<!-- golden:begin, written by `npm run golden -- --report` -->',
    ];
    writeFileSync(
      page,
      [...around, 'the table of before', '<!-- golden:end -->', '', 'After.', ''].join('\n'),
    );
    await refreshPage(page, [checkFile(committedFolder, 'translation.npz')]);
    const text = readFileSync(page, 'utf8');
    expect(text.startsWith(around.join('\n'))).toBe(true);
    expect(text.endsWith('<!-- golden:end -->\n\nAfter.\n')).toBe(true);
    expect(text).toMatch(/\| `translation\.npz` +\| gradient +\| 2 /);
    expect(text).not.toContain('of before');
    writeFileSync(page, 'no markers');
    await expect(refreshPage(page, [])).rejects.toThrow(/has no markers/);
  });

  it.each([
    [['--dir', 'nowhere'], /^golden: --dir: received .*nowhere, expected a folder that exists/],
    [['--dir', '.'], /^golden: --dir: received .* without a single NPZ file/],
    [['--drr', '.'], /^golden: Unknown option '--drr'.*; npm run golden -- --help lists the options$/],
  ])('a command line that makes no sense: %j', async (args, message) => {
    const workingFolder = mkdtempSync(path.join(folder, 'empty-'));
    const notes: string[] = [];
    const ports = { workingFolder, write: () => {}, note: (line: string) => void notes.push(line) };
    expect(await runGolden(args, ports)).toBe(2);
    expect(notes).toEqual([expect.stringMatching(message)]);
  });
});

describe('npm run golden as a program', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const { golden } = (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts; // prettier-ignore
  /** The script without the set-up in front of it: this suite runs in a clone that is set up. */
  const [node, ...flags] = golden.split(' && ').at(-1)!.split(' ');
  const run = (...args: string[]) =>
    spawnSync(node === 'node' ? process.execPath : node, [...flags, ...args], {
      cwd: root,
      env: { ...process.env, INIT_CWD: root },
      encoding: 'utf8',
    });

  it('passes a folder and names what differs in another, by exit code, table and JSON', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'ptychofleet-golden-'));
    try {
      const file = path.join(folder, 'moved.npz');
      const bytes = readFileSync(path.join(committedFolder, 'translation.npz'));
      writeFileSync(file, bytes);
      const good = run('--dir', folder);
      expect([good.status, good.stdout]).toEqual([0, expect.stringContaining('1 of 1 files pass, 4 tensors compared, 0 differ')]); // prettier-ignore
      const arrays = arraysOf(committedFolder, 'translation.npz');
      const array = arrays.get('out_tf') as Extract<NumericArray, { dtype: 'complex64' }>;
      arrays.set('out_tf', { ...array, data: array.data.map((value, i) => (i === 6 ? 9 : value)) });
      writeFileSync(file, writeNpz(arrays));
      const bad = run('--dir', folder, '--json');
      expect(bad.status).toBe(1);
      const { passed, files } = JSON.parse(bad.stdout) as { passed: boolean; files: { comparisons: { tensor: string; place: string }[] }[] }; // prettier-ignore
      expect(passed).toBe(false);
      expect(files[0].comparisons).toContainEqual(expect.objectContaining({ tensor: 'out_tf', place: '[0, 0, 3] re', theirs: 9 })); // prettier-ignore
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** The arrays of numbers of an NPZ file. */
function arraysOf(folder: string, name: string): Map<string, NumericArray> {
  const entries = [...readNpz(readFileSync(path.join(folder, name)), name)];
  return new Map(
    entries.filter(
      (entry): entry is [string, NumericArray] => 'dtype' in entry[1] && entry[1].dtype !== 'text',
    ),
  );
}
