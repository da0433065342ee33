import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesOf } from '@ptychofleet/base';
import {
  legacySnapshot,
  readBundle,
  writeBundle,
  type Bundle,
  type ExchangeLayout,
} from '@ptychofleet/bundle';
import { commandLineLevel, modelSpecSchema, type ModelSpec } from '@ptychofleet/config';
import { readNpz, writeNpz, type NpyArray } from '@ptychofleet/data';
import { initialWeights, networkTensors } from '@ptychofleet/model';
import { layoutOf } from '@ptychofleet/params';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportBundle, importBundle, type ImportArguments } from './exchange.ts';

const quiet = { json: false, quiet: true };
let folder: string;
const at = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ptychofleet-bundle-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function writtenBundle(fields: Partial<ModelSpec> = {}): Promise<Bundle> {
  const model = modelSpecSchema.parse({ nFiltersScale: 1, inputScale: 4, ...fields });
  const layout = layoutOf(networkTensors(model));
  const weights = initialWeights(layout, { kind: 'torch', seed: 5 }, model);
  const bundle: Bundle = {
    model,
    layout,
    weights,
    params: legacySnapshot({ ...model, batchSize: 8, nphotons: 1e6 }, 31.25),
    scaling: { probe_factor: 0.125 },
    provenance: { seed: 5 },
  };
  writeFileSync(at('wts.h5.zip'), await writeBundle(bundle));
  return bundle;
}

function importing(file: string, more: Partial<ImportArguments> = {}): Promise<void> {
  const said = [
    { flag: '--profile', text: 'upstream' },
    { flag: '--probe-scale', text: '2' },
  ];
  const sources = () => ({ commandLine: commandLineLevel('train', said) });
  return importBundle(
    { file: at(file), target: at('back'), layout: 'torch', like: null, sources, typed: [], ...more },
    quiet,
  );
}

const cases: [string, ExchangeLayout, Partial<ModelSpec>][] = [
  ['weights.npz', 'torch', {}],
  ['weights.npz', 'torch', { gridsize: 2, probeBig: false }],
  ['weights.npz', 'keras', { cbamEncoder: false, headVariant: 'tensorflow', ampActivation: 'sigmoid' }],
  ['weights.h5', 'torch', { gridsize: 3 }],
  ['weights.hdf5', 'keras', { cbamEncoder: false, gridsize: 2 }],
];

describe('export and import', () => {
  it.each(cases)(
    '%s, %s, %j: the same weights, and with --like the same model and scales',
    async (file, layout, fields) => {
      const bundle = await writtenBundle(fields);
      await exportBundle(folder, at(file), layout, quiet);
      await importing(file, { layout, like: folder });
      const like = await readBundle(readFileSync(at('back/wts.h5.zip')));
      expect(Buffer.from(bytesOf(like.weights)).equals(bytesOf(bundle.weights))).toBe(true);
      const { model, params, scaling } = bundle;
      expect(like).toMatchObject({ model, params, scaling });
      expect(like.provenance).toMatchObject({
        imported: { layout, like: expect.stringMatching(/^sha256:/) },
      });

      await importing(file, { layout, target: at('plain.zip') });
      const plain = await readBundle(readFileSync(at('plain.zip')));
      expect(Buffer.from(bytesOf(plain.weights)).equals(bytesOf(bundle.weights))).toBe(true);
      expect(plain.model).toMatchObject({
        gridsize: model.gridsize,
        cbamEncoder: model.cbamEncoder,
        inputScale: 1,
      });
    },
  );

  it('writes an NPZ in the order of the layout, the same bytes every time', async () => {
    await writtenBundle();
    await exportBundle(folder, at('a.npz'), 'torch', quiet);
    await exportBundle(at('wts.h5.zip'), at('b.npz'), 'torch', quiet);
    expect(readFileSync(at('a.npz')).equals(readFileSync(at('b.npz')))).toBe(true);
    const names = [...readNpz(readFileSync(at('a.npz'))).keys()];
    const model = modelSpecSchema.parse({ nFiltersScale: 1 });
    expect(names).toEqual(networkTensors(model).map(({ name }) => name));
  });
});

describe('what is refused leaves no file and names what is wrong', () => {
  const bias = 'decoder_phase.phase.conv2.bias';
  const changed = async (change: (arrays: Map<string, NpyArray>) => void): Promise<void> => {
    await writtenBundle();
    await exportBundle(folder, at('w.npz'), 'torch', quiet);
    const arrays = readNpz(readFileSync(at('w.npz'))) as Map<string, NpyArray>;
    change(arrays);
    writeFileSync(at('w.npz'), writeNpz(arrays));
  };
  const refused = async (action: Promise<void>, says: RegExp): Promise<void> => {
    await expect(action).rejects.toThrow(says);
    await expect(action).rejects.toMatchObject({ name: 'Fault', exitCode: 2 });
    expect(readdirSync(folder).filter((name) => name === 'back')).toEqual([]);
  };

  it('a missing, an unknown, a misshaped and a double tensor', async () => {
    const path = (name: string): string => `FILE ${at(name)}: `;
    await changed((arrays) => arrays.delete(bias));
    await refused(
      importing('w.npz'),
      new RegExp(`^${path('w.npz')}${bias}: received nothing, expected float32 \\(1\\)`),
    );
    await changed((arrays) =>
      arrays.set('alpha', { dtype: 'float32', shape: [1], data: Float32Array.of(1) }),
    );
    await refused(importing('w.npz'), /: alpha: received float32 \(1\), expected no tensor of this name/);
    await changed((arrays) => arrays.set(bias, { dtype: 'float32', shape: [2], data: new Float32Array(2) }));
    await refused(
      importing('w.npz'),
      new RegExp(`: ${bias}: received float32 \\(2\\), expected float32 \\(1\\)`),
    );
    await changed((arrays) => arrays.set(bias, { dtype: 'float64', shape: [1], data: Float64Array.of(0) }));
    await refused(
      importing('w.npz'),
      new RegExp(`: ${bias}: received float64 \\(1\\), expected float32 \\(1\\)`),
    );
  });

  it('weights for another model than that of --like', async () => {
    await writtenBundle({ gridsize: 2 });
    await exportBundle(folder, at('w.h5'), 'torch', quiet);
    await writtenBundle();
    await refused(
      importing('w.h5', { like: folder }),
      /: encoder\.blocks\.0\.conv1\.weight: received float32 \(32, 4, 3, 3\), expected float32 \(32, 1, 3, 3\)/,
    );
  });

  it('names and files of another kind', async () => {
    await writtenBundle();
    await refused(
      exportBundle(folder, at('w.pt'), 'torch', quiet),
      /^FILE: received .*w\.pt, expected .*\.npz, \.h5/,
    );
    await refused(exportBundle(folder, at('w.npz'), 'keras', quiet), /^BUNDLE .*attention/);
    await refused(
      exportBundle(at('none'), at('w.npz'), 'torch', quiet),
      /^BUNDLE .*none.* there is no such file$/,
    );
    await refused(importing('none.npz'), /^FILE .*none\.npz: there is no such file$/);
    for (const name of ['bad.npz', 'bad.h5']) {
      writeFileSync(at(name), 'not what it says');
      await refused(importing(name), new RegExp(`^FILE ${at(name)}: `));
    }
    await refused(
      importing('w.npz', { like: folder, typed: ['--gridsize'] }),
      /^--like: .* together with --gridsize/,
    );
  });
});
