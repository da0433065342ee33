import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Bench, filesBelow } from './processes.test-support.ts';

const bench = new Bench();
const guide = readFileSync(new URL('../../docs/guide.md', import.meta.url), 'utf8');
const [, line = ''] =
  /### CPU, one short epoch\n+```sh\nptychofleet (train (?:[^\n]*\\\n)*[^\n]*)/.exec(guide) ?? [];
const words = line.replaceAll('\\\n', ' ').split(/\s+/);

const out = bench.path('out/cpu');
const bundleOf = (): Buffer => readFileSync(`${out}/wts.h5.zip`);
const specOf = (path: string): unknown => (JSON.parse(readFileSync(path, 'utf8')) as { spec: unknown }).spec;
// The smallest network, said where it leaves the line as it is.
const small = { PTYCHOFLEET_N_FILTERS_SCALE: '1', PTYCHOFLEET_CBAM_ENCODER: 'false' };

it("the guide's short run on a CPU, word by word", async () => {
  expect(words.join(' ')).toMatch(/--gridsize 2 .*--max_epochs 1 .*--deterministic .*--learning-rate 1e-4$/);
  await bench.succeed('simulate', bench.path('scan.npz'), '--count', '128', '--seed', '5', '--quiet');
  const before = readdirSync(bench.folder);
  expect((await bench.startHere(words, small).ended).code).toBe(0);
  // Neither logs nor caches in the folder where a command was started.
  expect(readdirSync(bench.folder).sort()).toEqual([...before, 'out'].sort());
  expect(filesBelow(out)).toEqual(expect.arrayContaining(['run.json', 'wts.h5.zip']));
  expect(specOf(`${out}/run.json`)).toMatchObject({
    model: { gridsize: 2, objectBig: true, nFiltersScale: 1 },
    data: { nGroups: 64 },
    training: { epochs: 1, batchSize: 4, learningRate: 1e-4 },
    execution: { accelerator: 'cpu', deterministic: true, numWorkers: 0 },
  });
}, 120_000);

it('the same run from its record alone: the same bytes, whatever the shell says', async () => {
  const [bundle, spec, record] = [bundleOf(), specOf(`${out}/run.json`), bench.path('record.json')];
  cpSync(`${out}/run.json`, record);
  rmSync(out, { recursive: true });
  const noise = { PTYCHOFLEET_N_FILTERS_SCALE: '3', PTYCHOFLEET_SEED: '9', PTYCHOFLEET_LEARNING_RATE: '0.5' };
  const again = await bench.startHere(['train', '--config', record, '--workers', '1'], noise).ended;
  expect([again.code, specOf(`${out}/run.json`)]).toEqual([0, spec]);
  expect(bundleOf().equals(bundle)).toBe(true);
}, 120_000);
