import { bytesOf, type Fault } from '@ptychofleet/base';
import { modelSpecSchema, type ModelSpec } from '@ptychofleet/config';
import { exchangeLayouts, networkTensors, type ExchangeLayout } from '@ptychofleet/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bundleOf } from './bundle.test-support.ts';
import {
  decodeTensorsHdf5,
  encodeTensorsHdf5,
  exportTensors,
  importTensors,
  modelOfTensors,
  readBundle,
  weightsDigest,
  writeBundle,
  type Bundle,
  type ForeignTensor,
} from './index.ts';

/** Any finite float, negative zero and denormals among them, by its bits. */
function bitsOf(seed: number): (i: number) => number {
  const view = new DataView(new ArrayBuffer(4));
  return (i) => {
    const bits = Math.imul(i + seed, 0x9e3779b1);
    // Exponent 255 is infinity or no number.
    view.setInt32(0, (bits & 0x7f800000) === 0x7f800000 ? bits & ~0x00800000 : bits);
    return view.getFloat32(0);
  };
}

function bundleFor(fields: Partial<ModelSpec>, seed = 1): Bundle {
  const model = modelSpecSchema.parse({ nFiltersScale: 1, ...fields });
  return { ...bundleOf(networkTensors(model), bitsOf(seed)), model };
}

const asForeign = (bundle: Bundle, layout: ExchangeLayout): ForeignTensor[] =>
  exportTensors(bundle, layout).map((tensor) => ({ ...tensor, type: 'float32' }));

const same = (a: Float32Array, b: Float32Array): boolean => Buffer.from(bytesOf(a)).equals(bytesOf(b));

const anyCase = fc
  .record({
    layout: fc.constantFrom(...exchangeLayouts),
    N: fc.constantFrom(64 as const, 128 as const),
    gridsize: fc.integer({ min: 1, max: 3 }),
    objectBig: fc.boolean(),
    attention: fc.boolean(),
    headVariant: fc.constantFrom('torch' as const, 'tensorflow' as const),
    intensityScaleTrainable: fc.boolean(),
    seed: fc.nat(),
  })
  .map(({ layout, attention, seed, ...fields }) => {
    const cbam = attention && layout === 'torch';
    return { layout, bundle: bundleFor({ ...fields, cbamEncoder: cbam, cbamBottleneck: cbam }, seed) };
  });

describe('weights on a journey through another layout', () => {
  it('come back as the same bytes, with the model told by their shapes', () => {
    fc.assert(
      fc.property(anyCase, ({ layout, bundle }) => {
        const found = asForeign(bundle, layout);
        const model = modelSpecSchema.parse(modelOfTensors(found, layout));
        const imported = importTensors(found, layout, model);
        expect(imported.layout.digest).toBe(bundle.layout.digest);
        expect(same(imported.weights, bundle.weights)).toBe(true);
      }),
      { numRuns: 16 },
    );
  });

  it.each([
    ['torch', {}],
    ['torch', { gridsize: 2, cbamBottleneck: true, intensityScaleTrainable: true }],
    ['keras', { cbamEncoder: false, headVariant: 'tensorflow' }],
    ['keras', { cbamEncoder: false, intensityScaleTrainable: true }],
  ] as [ExchangeLayout, Partial<ModelSpec>][])(
    'come back as the same bytes from HDF5: %s, %j',
    async (layout, fields) => {
      const bundle = bundleFor(fields);
      const file = await encodeTensorsHdf5(exportTensors(bundle, layout), layout);
      const { weights } = importTensors(await decodeTensorsHdf5(file, layout), layout, bundle.model);
      expect(same(weights, bundle.weights)).toBe(true);
    },
  );

  it('make the same file every time', async () => {
    const tensors = exportTensors(bundleFor({}), 'torch');
    const [first, second] = [
      await encodeTensorsHdf5(tensors, 'torch'),
      await encodeTensorsHdf5(tensors, 'torch'),
    ];
    expect(Buffer.from(first).equals(second)).toBe(true);
  });

  it('may come in any order', () => {
    const bundle = bundleFor({});
    const { weights } = importTensors(asForeign(bundle, 'torch').reverse(), 'torch', bundle.model);
    expect(same(weights, bundle.weights)).toBe(true);
  });

  it('survive in a bundle even as a scalar', async () => {
    const bundle = bundleFor({ intensityScaleTrainable: true });
    const read = await readBundle(
      await writeBundle({ ...bundle, params: { ...bundle.params, gridsize: 1 } }),
    );
    expect(same(read.weights, bundle.weights)).toBe(true);
    expect(weightsDigest(read)).toBe(weightsDigest(bundle));
    expect(weightsDigest({ weights: read.weights.map((value) => value + 1) })).not.toBe(
      weightsDigest(bundle),
    );
  });
});

describe('tensors that do not belong', () => {
  const bundle = bundleFor({});
  const bias = 'decoder_amp.amp.conv2.bias';
  const messageFor = (change: (tensors: ForeignTensor[]) => ForeignTensor[]): string => {
    try {
      importTensors(change(asForeign(bundle, 'torch')), 'torch', bundle.model);
    } catch (error) {
      expect(error).toMatchObject({ kind: 'invalid-input', details: { field: expect.any(String) } });
      return (error as Fault).message;
    }
    throw new Error('the tensors were taken');
  };
  const altered = (change: Partial<ForeignTensor>) =>
    messageFor((tensors) =>
      tensors.map((tensor) => (tensor.name === bias ? { ...tensor, ...change } : tensor)),
    );

  it('are named with what was received and what is expected', () => {
    expect(messageFor((tensors) => tensors.filter(({ name }) => name !== bias))).toMatch(
      /^decoder_amp\.amp\.conv2\.bias: received nothing, expected float32 \(1\) in the torch layout/,
    );
    expect(altered({ shape: [2], values: new Float32Array(2) })).toMatch(
      /received float32 \(2\), expected float32 \(1\)/,
    );
    expect(altered({ type: 'float64', values: null })).toMatch(
      /received float64 \(1\), expected float32 \(1\)/,
    );
    expect(altered({ values: Float32Array.of(NaN) })).toMatch(
      /received NaN at element 0, expected finite values/,
    );
    expect(altered({ name: 'decoder_amp.amp.conv3.bias' })).toMatch(
      /conv2\.bias: received nothing, .* and decoder_amp\.amp\.conv3\.bias differ, too/,
    );
  });

  it('are counted beyond the third', () => {
    expect(messageFor((tensors) => tensors.slice(0, -10))).toMatch(/ and \S+, \S+, 7 more differ, too; /);
  });
});

describe('a file of tensors', () => {
  it('that is no HDF5 is damaged', async () => {
    await expect(decodeTensorsHdf5(new Uint8Array(100), 'torch')).rejects.toMatchObject({
      kind: 'data-loss',
    });
  });

  it('may hold a torch state in groups, as our own bundle does', async () => {
    const tensors = exportTensors(bundleFor({}), 'torch');
    const grouped = tensors.map((tensor) => ({ ...tensor, name: tensor.name.replaceAll('.', '/') }));
    const found = await decodeTensorsHdf5(await encodeTensorsHdf5(grouped, 'keras'), 'torch');
    expect(found.map(({ name }) => name).sort()).toEqual(tensors.map(({ name }) => name).sort());
  });
});
