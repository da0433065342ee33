import { setTimeout } from 'node:timers/promises';
import { digestOf } from '@ptychofleet/base';
import { unzipSync } from 'fflate';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bundleOf, smallTensors } from './bundle.test-support.ts';
import { writeBundle } from './index.ts';

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('writeBundle', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });

  it('writes the same bytes at any time and in any time zone, whatever was written before', async () => {
    const first = await writeBundle(bundleOf());
    // HDF5 stamps whole seconds by the clock of its thread, the zip by the clock of this one.
    await setTimeout(1100);
    vi.useFakeTimers({ now: new Date('2031-05-06T07:08:09Z'), toFake: ['Date'] });
    vi.stubEnv('TZ', 'Pacific/Kiritimati');
    const larger = [...smallTensors, { ...smallTensors[0], name: 'other.kernel', shape: [3, 3, 16, 16] }];
    await writeBundle(bundleOf(larger, () => 0.5));
    expect(digestOf(await writeBundle(bundleOf()))).toBe(digestOf(first));
  });

  it('writes the same bytes for JSON that was built in another order', async () => {
    const bundle = bundleOf();
    const reversed = Object.fromEntries(Object.entries(bundle.params).reverse());
    expect(digestOf(await writeBundle({ ...bundle, params: reversed }))).toBe(
      digestOf(await writeBundle(bundle)),
    );
  });

  it('writes other bytes for another weight', async () => {
    const bundle = bundleOf();
    const weights = bundle.weights.slice();
    weights[3] = Math.fround(weights[3] * (1 + 2 ** -22));
    expect(digestOf(await writeBundle({ ...bundle, weights }))).not.toBe(digestOf(await writeBundle(bundle)));
  });

  it('lays the archive out as bundle spec §9 says', async () => {
    const files = unzipSync(await writeBundle(bundleOf()));
    expect(Object.keys(files)).toEqual([
      'manifest.json',
      'diffraction_to_obj/weights.h5',
      'diffraction_to_obj/model.json',
      'diffraction_to_obj/params.json',
      'scaling.json',
      'provenance.json',
    ]);
    const manifest = JSON.parse(textOf(files['manifest.json']));
    expect(manifest).toMatchObject({
      format: 'ptychofleet-bundle',
      version: '1.0',
      backend: 'ptychofleet',
      models: ['autoencoder', 'diffraction_to_obj'],
      same_as: { autoencoder: 'diffraction_to_obj' },
    });
    expect(Object.keys(manifest).sort()).toEqual([
      'backend',
      'files',
      'format',
      'models',
      'same_as',
      'version',
    ]);
    expect(JSON.parse(textOf(files['diffraction_to_obj/params.json'])).train_data_file_path).toBe('scan.npz');
  });

  it('refuses weights that are not finite, naming the tensor', async () => {
    const bundle = bundleOf(smallTensors, (i) => (i === 37 ? NaN : 0));
    await expect(writeBundle(bundle)).rejects.toMatchObject({
      kind: 'run-failed',
      message: expect.stringContaining('encoder.blocks.0.conv1.bias'),
    });
  });
});
