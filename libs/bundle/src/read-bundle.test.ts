import { bytesOf, digestOf, Fault } from '@ptychofleet/base';
import { networkTensors } from '@ptychofleet/model';
import { layoutOf, type TensorSpec } from '@ptychofleet/params';
import fc from 'fast-check';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleOf, smallTensors } from './bundle.test-support.ts';
import { readBundle, writeBundle } from './index.ts';

type Files = Record<string, Uint8Array>;
type Json = Record<string, unknown>;

const weightsPath = 'diffraction_to_obj/weights.h5';
const paramsPath = 'diffraction_to_obj/params.json';
const modelPath = 'diffraction_to_obj/model.json';

let written: Uint8Array;
beforeAll(async () => {
  written = await writeBundle(bundleOf());
});

function edited(bytes: Uint8Array, change: (json: Json) => Json): Uint8Array {
  return strToU8(JSON.stringify(change(JSON.parse(new TextDecoder().decode(bytes)))));
}

/** The bundle after `change`; with `resign` the manifest is made to agree, as a forger would. */
function tampered(change: (files: Files) => Files, resign = false): Uint8Array {
  const files = change(unzipSync(written));
  if (resign) {
    const listed = Object.entries(files).filter(([path]) => path !== 'manifest.json');
    files['manifest.json'] = edited(files['manifest.json'], (manifest) => ({
      ...manifest,
      files: listed.map(([path, bytes]) => ({ path, bytes: bytes.length, sha256: digestOf(bytes).slice(7) })),
    }));
  }
  return zipSync(files);
}

async function faultOf(bytes: Uint8Array, tensors = smallTensors): Promise<Fault> {
  const result = await readBundle(bytes, () => tensors).catch((error: unknown) => error);
  expect(result).toBeInstanceOf(Fault);
  return result as Fault;
}

async function weightsFileOf(
  tensors: readonly TensorSpec[],
  fill?: (i: number) => number,
): Promise<Uint8Array> {
  return unzipSync(await writeBundle(bundleOf(tensors, fill)))[weightsPath];
}

describe('readBundle', () => {
  it('gives back what was written, whatever the tensors and values', async () => {
    const segment = fc.stringMatching(/^[a-z]\w{0,5}$/);
    const tensors = fc
      .uniqueArray(fc.array(segment, { minLength: 2, maxLength: 3 }), {
        minLength: 1,
        maxLength: 6,
        // The last segment is marked, so that no name is at once a tensor and a group.
        selector: (segments) => segments.join('.'),
      })
      .chain((names) =>
        fc.tuple(
          ...names.map((segments) =>
            fc
              .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
              .map((shape) => ({ ...smallTensors[0], name: `${segments.join('.')}.T`, shape })),
          ),
        ),
      );
    await fc.assert(
      fc.asyncProperty(
        tensors,
        fc.func(fc.float({ noNaN: true, noDefaultInfinity: true })),
        async (list, fill) => {
          const bundle = bundleOf(list, fill);
          expect(await readBundle(await writeBundle(bundle), () => list)).toEqual(bundle);
        },
      ),
      { numRuns: 8 },
    );
  });

  it('restores N, gridsize and the stored scale', async () => {
    const { params } = await readBundle(written, () => smallTensors);
    expect([params.N, params.gridsize, params.intensity_scale]).toEqual([64, 2, 988.2]);
  });

  it('opens a bundle of the real network without being told its tensors', async () => {
    const bundle = bundleOf(networkTensors(bundleOf().model));
    const read = await readBundle(await writeBundle(bundle));
    expect(read.layout.digest).toBe(bundle.layout.digest);
    expect(digestOf(bytesOf(read.weights))).toBe(digestOf(bytesOf(bundle.weights)));
    expect((await readBundle(written).catch((error: unknown) => error)) as Fault).toMatchObject({
      kind: 'failed-precondition',
    });
  });

  it('accepts the tensors that the model must have, and no others', async () => {
    const bundle = await readBundle(written, () => smallTensors);
    expect(bundle.layout).toEqual(layoutOf(smallTensors));
    const wider = smallTensors.map((tensor, i) => (i === 1 ? { ...tensor, shape: [8] } : tensor));
    const fault = await faultOf(written, wider);
    expect(fault.kind).toBe('failed-precondition');
    expect(fault.message).toContain('conv1.bias (4), expected encoder.blocks.0.conv1.bias (8)');
  });

  it('accepts an archive that another tool packed again', async () => {
    const bundle = await readBundle(
      tampered((files) => files),
      () => smallTensors,
    );
    expect(bundle.weights).toEqual(bundleOf().weights);
  });

  it('notices any flipped byte of any entry', async () => {
    const paths = Object.keys(unzipSync(written)).filter((path) => path !== 'manifest.json');
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (path, at, bits) => {
          const fault = await faultOf(
            tampered((files) => {
              const bytes = files[path].slice();
              bytes[at % bytes.length] ^= bits;
              return { ...files, [path]: bytes };
            }),
          );
          expect(fault.kind).toBe('data-loss');
          expect(fault.message).toContain(path);
        },
      ),
    );
  });

  it('notices a cut file wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(written.length - 1), async (length) => {
        expect((await faultOf(written.subarray(0, length))).kind).toBe('data-loss');
      }),
    );
  });

  it.each<[string, string, RegExp, (files: Files) => Files]>([
    [
      'a missing entry',
      'data-loss',
      /scaling.json: received no such entry/,
      ({ 'scaling.json': _, ...rest }) => rest,
    ],
    ['a missing manifest', 'data-loss', /manifest.json/, ({ 'manifest.json': _, ...rest }) => rest],
    ['an unlisted entry', 'data-loss', /extra.bin/, (files) => ({ ...files, 'extra.bin': strToU8('x') })],
    ['an absolute name', 'invalid-input', /\/etc\/x/, (files) => ({ ...files, '/etc/x': strToU8('x') })],
    ['a parent-relative name', 'invalid-input', /\.\.\/x/, (files) => ({ ...files, 'a/../x': strToU8('x') })],
    ['a drive', 'invalid-input', /C:/, (files) => ({ ...files, 'C:\\x': strToU8('x') })],
    [
      'too many entries',
      'invalid-input',
      /at most 64/,
      (files) => ({
        ...files,
        ...Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`f${i}`, strToU8('x')])),
      }),
    ],
    [
      'an expansion bomb',
      'invalid-input',
      /expanded size/,
      (files) => ({ ...files, 'zeros.bin': new Uint8Array(64 * 2 ** 20) }),
    ],
  ])('refuses %s', async (_, kind, message, change) => {
    const fault = await faultOf(tampered(change));
    expect(fault.kind).toBe(kind);
    expect(fault.message).toMatch(message);
  });

  it('refuses a name that is there twice', async () => {
    const bytes = zipSync({ 'manifest.json': strToU8('{}'), 'manifest.jsom': strToU8('{}') });
    const text = Buffer.from(bytes).toString('latin1').replaceAll('manifest.jsom', 'manifest.json');
    const fault = await faultOf(Uint8Array.from(Buffer.from(text, 'latin1')));
    expect([fault.kind, fault.details.expected]).toEqual(['invalid-input', 'each name once']);
  });

  it.each([
    ['pytorch', { 'diffraction_to_obj/model.pth': strToU8('x') }],
    ['tensorflow', { 'diffraction_to_obj/model.keras': strToU8('x') }],
  ])('refuses an upstream bundle of %s, naming both backends', async (backend, model) => {
    const fault = await faultOf(zipSync({ 'manifest.dill': strToU8('x'), ...model }));
    expect(fault.kind).toBe('failed-precondition');
    expect(fault.message).toMatch(new RegExp(`${backend} backend.*ptychofleet backend`));
  });

  it.each<[string, string, RegExp, string, (json: Json) => Json]>([
    [
      'another backend',
      'failed-precondition',
      /jax.*ptychofleet/,
      'manifest.json',
      (m) => ({ ...m, backend: 'jax' }),
    ],
    ['a later version', 'failed-precondition', /2\.0/, 'manifest.json', (m) => ({ ...m, version: '2.0' })],
    ['another format', 'data-loss', /format/, 'manifest.json', (m) => ({ ...m, format: 'zip' })],
    [
      'no served model',
      'data-loss',
      /diffraction_to_obj/,
      'manifest.json',
      (m) => ({ ...m, models: ['autoencoder'] }),
    ],
  ])('refuses %s', async (_, kind, message, path, change) => {
    const fault = await faultOf(tampered((files) => ({ ...files, [path]: edited(files[path], change) })));
    expect(fault.kind).toBe(kind);
    expect(fault.message).toMatch(message);
  });

  it.each<[string, string, RegExp, string, (json: Json) => Json]>([
    ['params without N', 'data-loss', /params.json.*wrong N/, paramsPath, ({ N: _, ...rest }) => rest],
    [
      'params without gridsize',
      'data-loss',
      /wrong gridsize/,
      paramsPath,
      ({ gridsize: _, ...rest }) => rest,
    ],
    [
      'params that contradict the model',
      'failed-precondition',
      /N 128/,
      paramsPath,
      (p) => ({ ...p, N: 128 }),
    ],
    [
      'another scaling schema',
      'data-loss',
      /schema_version/,
      'scaling.json',
      (s) => ({ ...s, schema_version: 'v9' }),
    ],
    [
      'an impossible model',
      'data-loss',
      /model.json.*gridsize/,
      modelPath,
      (m) => ({ ...m, model: { gridsize: 9 } }),
    ],
    [
      'a tensor listed twice',
      'data-loss',
      /twice/,
      modelPath,
      (m) => ({ ...m, tensors: [smallTensors[0], smallTensors[0]] }),
    ],
  ])('refuses %s although the checksums agree', async (_, kind, message, path, change) => {
    const fault = await faultOf(
      tampered((files) => ({ ...files, [path]: edited(files[path], change) }), true),
    );
    expect(fault.kind).toBe(kind);
    expect(fault.message).toMatch(message);
  });

  it('refuses tensors larger than the file that should hold them', async () => {
    const tensors = [{ ...smallTensors[0], shape: [2 ** 28] }];
    const change = (model: Json): Json => ({ ...model, tensors });
    const bytes = tampered((files) => ({ ...files, [modelPath]: edited(files[modelPath], change) }), true);
    const fault = await faultOf(bytes, tensors);
    expect(fault.kind).toBe('data-loss');
    expect(fault.message).toMatch(/float32 values/);
  });

  describe('strict weights', () => {
    const exchange = async (bytes: Uint8Array): Promise<Fault> =>
      faultOf(tampered((files) => ({ ...files, [weightsPath]: bytes }), true));

    it('names the first tensors that differ', async () => {
      const other = [
        { ...smallTensors[0], shape: [3, 3, 4, 1] },
        ...smallTensors.slice(2),
        { ...smallTensors[1], name: 'encoder.blocks.0.conv9.bias', shape: [64] },
      ];
      const fault = await exchange(await weightsFileOf(other));
      expect(fault.kind).toBe('failed-precondition');
      expect(fault.message).toContain(
        'encoder.blocks.0.conv1.weight has shape (3, 3, 4, 1), expected (3, 3, 1, 4)',
      );
      expect(fault.message).toContain('encoder.blocks.0.conv1.bias is missing');
      expect(fault.message).toContain('encoder.blocks.0.conv9.bias is not a parameter of this model');
    });

    it('refuses bytes that are no HDF5 file', async () => {
      const fault = await exchange(new Uint8Array(4096).fill(65));
      expect([fault.kind, fault.details.field]).toEqual(['data-loss', 'weights.h5']);
    });

    it('survives any damage inside the file: the same tensors or a Fault', async () => {
      const intact = await weightsFileOf(smallTensors);
      const flips = fc.array(fc.tuple(fc.nat(intact.length - 1), fc.nat(255)), {
        minLength: 1,
        maxLength: 20,
      });
      await fc.assert(
        fc.asyncProperty(flips, async (list) => {
          const damaged = intact.slice();
          for (const [at, value] of list) damaged[at] = value;
          const bytes = tampered((files) => ({ ...files, [weightsPath]: damaged }), true);
          const result = await readBundle(bytes, () => smallTensors).catch((error: unknown) => error);
          if (!(result instanceof Fault)) expect(result).toMatchObject({ layout: layoutOf(smallTensors) });
        }),
        { numRuns: 20 },
      );
      expect((await readBundle(written, () => smallTensors)).weights).toEqual(bundleOf().weights);
    });

    it('refuses a value that is not finite', async () => {
      const intact = await weightsFileOf(smallTensors, () => 1.2345678);
      const one = Buffer.from(Float32Array.of(1.2345678).buffer);
      const at = Buffer.from(intact).indexOf(one);
      expect(at).toBeGreaterThan(0);
      intact.set(new Uint8Array(Float32Array.of(Infinity).buffer), at);
      const fault = await exchange(intact);
      expect(fault.message).toMatch(/holds Infinity at element 0/);
    });
  });
});
