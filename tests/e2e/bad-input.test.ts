import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { networkTensors } from '@ptychofleet/model';
import { writeBundle } from '@ptychofleet/bundle';
import { zipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleOf } from '../../libs/bundle/src/bundle.test-support.ts';
import { badScans, goodScan, threePatterns } from './bad-scans.test-support.ts';
import { Bench, filesBelow } from './processes.test-support.ts';
import { wayToMount } from './small-disk.test-support.ts';

const bench = new Bench();
const out = bench.path('out');
const scan = bench.path('scan.npz');
const model = bench.path('model');
let taken: Server;

beforeAll(async () => {
  writeFileSync(scan, goodScan);
  writeFileSync(bench.path('three.npz'), threePatterns);
  mkdirSync(model);
  const parts = bundleOf();
  writeFileSync(
    bench.path('model', 'wts.h5.zip'),
    await writeBundle({ ...bundleOf(networkTensors(parts.model)), model: parts.model }),
  );
  taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  return () => taken.close();
});

/** Runs a command that must be refused: one sentence, the exit code, and not a file, so no fleet either: it would log. */
async function refusal(args: readonly string[], code = 2): Promise<string> {
  const ended = await bench.run(...args);
  expect(ended.stdout).toBe('');
  expect(ended.stderr).toMatch(/^ptychofleet( coordinator)?: [^\n]*[^.\n]\n$/);
  expect(ended.code).toBe(code);
  expect(filesBelow(out)).toEqual([]);
  return ended.stderr;
}

const trainOn = (file: string, ...more: string[]): string[] => [
  'train',
  ...['--train_data_file', file, '--output_dir', out, '--gridsize', '1', ...more],
];
const inferWith = (modelPath: string, file = scan): string[] => [
  'infer',
  ...['--model_path', modelPath, '--test_data', file, '--output_dir', out],
];

describe('a scan to train on', () => {
  it('that is not there', async () => {
    const file = bench.path('gone.npz');
    expect(await refusal(trainOn(file))).toContain(file);
  });

  it.each(badScans)('that is %s', async (_, bytes, says) => {
    const file = bench.path('bad.npz');
    writeFileSync(file, bytes);
    const sentence = await refusal(trainOn(file));
    expect(sentence).toContain(file);
    expect(sentence).toMatch(says);
  });

  it('is checked to its last pattern when it is for validation or for reconstruction, too', async () => {
    const [, bytes] = badScans.find(([what]) => what === 'with NaN in its last pattern')!;
    const file = bench.path('nan.npz');
    writeFileSync(file, bytes);
    expect(await refusal(trainOn(scan, '--test_data_file', file))).toContain(`${file}: diff3d`);
    expect(await refusal(inferWith(model, file))).toContain(`${file}: diff3d`);
  });
});

describe('a setting', () => {
  const group = (file: string, gridsize: string): string[] => [
    ...['train', '--train_data_file', file, '--output_dir', out, '--gridsize', gridsize],
  ];
  it.each([
    ['gridsize 5', () => group(scan, '5'), /--gridsize: received 5, expected .* 1 to 3/],
    ['gridsize 2 with three points', () => group(bench.path('three.npz'), '2'), /needs.*3.*--gridsize 1/],
    ['an empty batch', () => trainOn(scan, '--batch_size', '0'), /--batch_size: received 0, expected/],
    ['a batch of 7', () => trainOn(scan, '--batch_size', '7'), /--batch_size: received 7, .*power of two/],
    ['no workers', () => trainOn(scan, '--workers', '0'), /--workers: received 0, expected .* 1 to/],
    [
      'a misspelt flag',
      () => trainOn(scan, '--bacth_size', '8'),
      /--bacth_size.*did you mean --batch_size\?/,
    ],
    ['a misspelt command', () => ['trian'], /trian.*did you mean train\?/],
    ['an address without a port', () => trainOn(scan, '--coordinator', 'here'), /received here.*HOST:PORT/],
  ])('%s', async (_, args, says) => {
    expect(await refusal(args())).toMatch(says);
  });
});

describe('an output folder', () => {
  // Tests may run as root, whom permissions do not stop; a path below a file stops everybody.
  it.each([
    ['is a file', () => scan, 'it is a file'],
    ['lies below a file', () => `${scan}/below`, 'is a file'],
  ])('that %s', async (_, folder, says) => {
    const training = ['train', '--train_data_file', scan, '--output_dir', folder(), '--gridsize', '1'];
    expect(await refusal(training)).toMatch(`--output_dir ${folder()} cannot be written`);
    const inference = ['infer', '--model_path', model, '--test_data', scan, '--output_dir', folder()];
    expect(await refusal(inference)).toContain(says);
  });
});

describe('a state folder', () => {
  const place = (folder: string): string[] => ['--listen', '127.0.0.1:0', '--state-dir', folder];

  it.each(['coordinator', 'up'])('that is a file, lies below one, or is damaged, for %s', async (command) => {
    expect(await refusal([command, ...place(scan)])).toMatch(
      /scan\.npz( cannot be written)?: it is a file, not a folder; choose another folder$/m,
    );
    expect(await refusal([command, ...place(`${scan}/below`)])).toMatch(
      /scan\.npz\/below( cannot be written)?: part of the path is a file, not a folder; choose another folder$/m,
    );
    const damaged = bench.path('damaged-state');
    mkdirSync(damaged, { recursive: true });
    writeFileSync(`${damaged}/registry.sqlite`, 'no database at all. '.repeat(500));
    expect(await refusal([command, ...place(damaged)])).toMatch(
      /registry\.sqlite: it is damaged; move it away/,
    );
  });

  const way = wayToMount();
  it.skipIf(way === null).each([
    ['', 'the file system is read-only; choose another folder'],
    ['/below', 'the folder cannot be made; choose another one'],
  ])('on a disk that is read-only%s', async (below, says) => {
    const disk = bench.path('read-only');
    mkdirSync(disk, { recursive: true });
    const script = 'mount -t tmpfs -o ro tmpfs "$0" && exec "$@"';
    const through = ['unshare', ...(way ?? []), 'sh', '-c', script, disk];
    const { code, stderr } = await bench.start(['coordinator', ...place(disk + below)], {}, through).ended;
    expect([code, stderr]).toEqual([2, `ptychofleet coordinator: cannot write ${disk}${below}: ${says}\n`]);
  });
});

describe('an address', () => {
  it('where nobody answers', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const free = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.close();
    await once(server, 'close');
    expect(await refusal(trainOn(scan, '--coordinator', free), 3)).toContain(free);
  });

  it.each(['up', 'coordinator'])('that is taken, for %s', async (command) => {
    const address = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
    const sentence = await refusal([command, '--listen', address, '--state-dir', bench.path('state')]);
    expect(sentence).toContain(`--listen ${address}: the address is in use`);
  });
});

describe('a model', () => {
  const archive = (name: string, bytes: Uint8Array): string => {
    mkdirSync(bench.path(name));
    writeFileSync(bench.path(name, 'wts.h5.zip'), bytes);
    return bench.path(name);
  };

  it('folder without a bundle', async () => {
    expect(await refusal(inferWith(bench.folder))).toMatch(/not found: .*wts\.h5\.zip/);
  });

  it('whose bundle is damaged', async () => {
    const bytes = Uint8Array.from(await writeBundle(bundleOf()));
    const middle = bytes.length >> 1;
    bytes[middle] = bytes[middle]! ^ 1;
    expect(await refusal(inferWith(archive('damaged', bytes)))).toMatch(/damaged.*copy the bundle again/);
    expect(await refusal(inferWith(archive('cut', bytes.subarray(0, middle))))).toMatch(/cut.*zip/);
  });

  it('of another backend', async () => {
    const bytes = zipSync({
      'manifest.dill': new Uint8Array(8),
      'diffraction_to_obj/model.pth': new Uint8Array(8),
    });
    expect(await refusal(inferWith(archive('pickled', bytes)))).toMatch(/pickled.*pytorch backend/);
  });
});
