import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, Fault } from '@ptychofleet/base';
import { modelSpecSchema, type ModelSpec } from '@ptychofleet/config';
import { readNpz } from '@ptychofleet/data';
import {
  exchangeLayouts,
  exchangeTensors,
  fromExchange,
  modelFromShapes,
  networkTensors,
  toExchange,
  type ExchangeLayout,
} from './index.ts';

const modelOf = (fields: Partial<ModelSpec>): ModelSpec => modelSpecSchema.parse(fields);
const golden = fileURLToPath(new URL('../../../../shared/golden/cnn_tf.npz', import.meta.url));
const sizeOf = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

/** All that moves a tensor: side, width, group, attention, head, the scalar. Width 1 with N 256 has no room for attention. */
const anyModel = fc
  .record({
    N: fc.constantFrom(64 as const, 128 as const, 256 as const),
    nFiltersScale: fc.integer({ min: 2, max: 8 }),
    gridsize: fc.integer({ min: 1, max: 3 }),
    objectBig: fc.boolean(),
    probeBig: fc.boolean(),
    cbamEncoder: fc.boolean(),
    cbamBottleneck: fc.boolean(),
    headVariant: fc.constantFrom('torch' as const, 'tensorflow' as const),
    intensityScaleTrainable: fc.boolean(),
  })
  .map(modelOf);

const anyCase: fc.Arbitrary<[ModelSpec, ExchangeLayout]> = fc
  .tuple(anyModel, fc.constantFrom(...exchangeLayouts))
  .map(([model, layout]) =>
    layout === 'torch' ? [model, layout] : [{ ...model, cbamEncoder: false, cbamBottleneck: false }, layout],
  );

const listed = (model: ModelSpec, layout: ExchangeLayout): unknown[] =>
  exchangeTensors(model, layout).map(({ name, shape, tensor }) => [name, shape, tensor.name]);

describe('exchange layouts', () => {
  it('hold every parameter once, under a name of its own', () => {
    fc.assert(
      fc.property(anyCase, ([model, layout]) => {
        const tensors = exchangeTensors(model, layout);
        expect(new Set(tensors.map(({ name }) => name)).size).toBe(tensors.length);
        expect(tensors.map(({ tensor }) => tensor.name).sort()).toEqual(
          networkTensors(model)
            .map(({ name }) => name)
            .sort(),
        );
        for (const { shape, tensor } of tensors) expect(sizeOf(shape)).toBe(sizeOf(tensor.shape));
      }),
    );
  });

  it('give back the bytes of every tensor', () => {
    fc.assert(
      fc.property(anyCase, fc.nat(), ([model, layout], pick) => {
        const tensors = exchangeTensors({ ...model, nFiltersScale: 2 }, layout);
        const { tensor } = tensors[pick % tensors.length]!;
        const values = Float32Array.from({ length: sizeOf(tensor.shape) }, (_, i) => (i % 7 === 0 ? -0 : i));
        const back = fromExchange(layout, tensor, toExchange(layout, tensor, values));
        expect(Buffer.from(bytesOf(back)).equals(bytesOf(values))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('tell the model by names and shapes alone', () => {
    fc.assert(
      fc.property(anyCase, ([model, layout]) => {
        const shapes = new Map(exchangeTensors(model, layout).map(({ name, shape }) => [name, shape]));
        const inferred = modelFromShapes(shapes, layout);
        expect(listed(modelOf(inferred), layout)).toEqual(listed(model, layout));
        expect(inferred.N).toBe(model.N);
        expect(inferred.gridsize).toBe(model.objectBig ? model.gridsize : 1);
      }),
    );
  });

  it('puts a value where PyTorch looks for it', () => {
    const model = modelOf({ nFiltersScale: 1 });
    const { tensor, shape } = exchangeTensors(model, 'torch').find(({ name }) =>
      name.endsWith('conv2.weight'),
    )!;
    const [height, width, inputs, outputs] = tensor.shape as [number, number, number, number];
    expect(shape).toEqual([outputs, inputs, height, width]);
    const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => i);
    const theirs = toExchange('torch', tensor, values);
    // Row-major by hand: ours [2][1][5][7] is theirs [7][5][2][1].
    const ours = ((2 * width + 1) * inputs + 5) * outputs + 7;
    expect(theirs[((7 * inputs + 5) * height + 2) * width + 1]).toBe(ours);
  });

  it.skipIf(!existsSync(golden)).each([1, 2])(
    'lists Keras names and shapes as cnn_tf.npz does (skipped without the golden files), gridsize %i',
    (gridsize) => {
      const entry = readNpz(new Uint8Array(readFileSync(golden))).get(`gs${gridsize}_params_json`);
      if (entry === undefined || !('data' in entry)) throw new Error('cnn_tf.npz lists no parameters');
      const published = JSON.parse(new TextDecoder().decode(entry.data as Uint8Array)) as {
        path: string;
        shape: number[];
      }[];
      const model = modelOf({ gridsize, nFiltersScale: 1, cbamEncoder: false, headVariant: 'tensorflow' });
      expect(exchangeTensors(model, 'keras').map(({ name, shape }) => [name, shape])).toEqual(
        published.map(({ path, shape }) => [path, shape]),
      );
    },
  );
});

describe('weights without a model', () => {
  const shapesOf = (
    layout: ExchangeLayout,
    fields: Partial<ModelSpec> = {},
  ): Map<string, readonly number[]> =>
    new Map(
      exchangeTensors(modelOf({ cbamEncoder: false, ...fields }), layout).map(({ name, shape }) => [
        name,
        shape,
      ]),
    );
  const faultOf = (shapes: Map<string, readonly number[]>, layout: ExchangeLayout): string => {
    try {
      modelFromShapes(shapes, layout);
    } catch (error) {
      expect(error).toBeInstanceOf(Fault);
      return (error as Fault).message;
    }
    throw new Error('a model was found');
  };

  it.each([
    [[64, 2, 3, 3], /^encoder\.blocks\.0\.conv1\.weight: received 2 input channels, expected .*1, 4 or 9$/],
    [
      [33, 1, 3, 3],
      /^encoder\.blocks\.0\.conv1\.weight: received 33 output channels, expected a multiple of 32/,
    ],
    [[64, 9], /^encoder\.blocks\.0\.conv1\.weight: received shape \(64, 9\), expected shape \(out, in/],
  ])('is refused when its first convolution is %j', (shape, says) => {
    expect(faultOf(shapesOf('torch').set('encoder.blocks.0.conv1.weight', shape), 'torch')).toMatch(says);
  });

  it('is refused when no network has as many blocks', () => {
    const shapes = shapesOf('torch');
    shapes.delete('encoder.blocks.1.conv1.weight');
    expect(faultOf(shapes, 'torch')).toMatch(/^encoder\.blocks\.1\.conv1\.weight: received 1 encoder blocks/);
    expect(faultOf(shapesOf('torch'), 'keras')).toMatch(/received 0 kernels, expected 22, 28, 34 .*layout/);
    expect(faultOf(shapesOf('keras'), 'torch')).toMatch(/received 0 encoder blocks .*layout/);
  });

  it('is refused where its head has no outer branch', () => {
    const shapes = shapesOf('keras');
    shapes.delete('conv2d_12/kernel');
    shapes.set('conv2d_99/kernel', [3, 3, 1, 1]);
    expect(faultOf(shapes, 'keras')).toMatch(/^conv2d_12\/kernel: received nothing, expected shape \(height/);
  });

  it('has no Keras layout with attention', () => {
    expect(() => exchangeTensors(modelOf({}), 'keras')).toThrow(/attention\..*use the layout torch/);
  });
});
