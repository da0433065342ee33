import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssertionError, Fault } from '@ptychofleet/base';
import { modelSpecSchema, type ModelSpec } from '@ptychofleet/config';
import { layoutOf, viewOf } from '@ptychofleet/params';
import {
  decoderChannels,
  encoderChannels,
  fromReference,
  initialWeights,
  networkTensors,
  referenceShape,
  toReference,
} from './index.ts';
import { inverseActivation } from './initialise.ts';

const modelOf = (fields: Partial<ModelSpec>): ModelSpec => modelSpecSchema.parse(fields);
const layoutFor = (fields: Partial<ModelSpec>) => layoutOf(networkTensors(modelOf(fields)));

describe('network plan', () => {
  // Totals of the published network (model spec §3).
  it.each([
    [{ N: 64, gridsize: 1 }, 2_339_892],
    [{ N: 64, gridsize: 2 }, 2_351_730],
    [{ N: 64, gridsize: 1, cbamEncoder: false }, 2_328_370],
    [{ N: 64, gridsize: 2, cbamEncoder: false }, 2_340_208],
    [{ N: 128, gridsize: 1 }, 4_727_896],
    [{ N: 128, gridsize: 2 }, 4_738_870],
    [{ N: 256, gridsize: 1 }, 12_994_427],
    [{ N: 256, gridsize: 2 }, 13_004_969],
    [{ N: 64, gridsize: 1, cbamEncoder: false, headVariant: 'tensorflow' }, 2_331_772],
    [{ N: 64, gridsize: 1, cbamEncoder: false, headVariant: 'tensorflow', nFiltersScale: 1 }, 585_244],
    [{ N: 64, gridsize: 2, cbamEncoder: false, headVariant: 'tensorflow', nFiltersScale: 1 }, 589_360],
  ] as [Partial<ModelSpec>, number][])('%o has %i parameters', (fields, count) => {
    expect(layoutFor(fields).size).toBe(count);
  });

  it.each([64, 128, 256] as const)('halves and doubles between %i pixels and the bottleneck', (N) => {
    const model = modelOf({ N });
    expect(N / 2 ** encoderChannels(model).length).toBe(8);
    expect(8 * 2 ** decoderChannels(model).length).toBe(N / 2);
    expect(encoderChannels(model).at(-1)).toBe(256);
    expect(decoderChannels(model).at(-1)).toBe(64);
  });

  it('takes one channel where patterns go one by one', () => {
    expect(layoutFor({ gridsize: 2, objectBig: false }).tensors[0]?.shape).toEqual([3, 3, 1, 64]);
    expect(layoutFor({ gridsize: 2, objectBig: true }).tensors[0]?.shape).toEqual([3, 3, 4, 64]);
  });

  it('refuses attention over fewer channels than its reduction', () => {
    expect(() => networkTensors(modelOf({ N: 256, nFiltersScale: 1 }))).toThrow(Fault);
    expect(networkTensors(modelOf({ N: 256, nFiltersScale: 1, cbamEncoder: false })).length).toBeGreaterThan(
      0,
    );
  });
});

describe('reference layout', () => {
  const shapes = fc.oneof(
    fc.tuple(
      fc.constantFrom(1, 3),
      fc.constantFrom(1, 3),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
    ),
    fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
    fc.tuple(fc.integer({ min: 1, max: 5 })),
  );

  it('is a permutation that comes back', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const tensor = { name: 't', shape, fanIn: 1, fanOut: 1, role: 'kernel' as const };
        const size = shape.reduce((product, side) => product * side, 1);
        const values = Float32Array.from({ length: size }, (_, i) => i);
        expect(fromReference(tensor, toReference(tensor, values))).toEqual(values);
        expect(toReference(tensor, fromReference(tensor, values))).toEqual(values);
        expect(referenceShape(tensor).reduce((product, side) => product * side, 1)).toBe(size);
      }),
    );
  });

  it('puts out first, then in, then space', () => {
    const tensor = { name: 't', shape: [3, 3, 2, 5], fanIn: 18, fanOut: 45, role: 'kernel' as const };
    const at = (y: number, x: number, input: number, output: number) =>
      ((y * 3 + x) * 2 + input) * 5 + output;
    const values = Float32Array.from({ length: 90 }, (_, i) => i);
    expect(referenceShape(tensor)).toEqual([5, 2, 3, 3]);
    expect(toReference(tensor, values)[((4 * 2 + 1) * 3 + 2) * 3 + 0]).toBe(at(2, 0, 1, 4));
  });

  it('takes an array of the wrong size for a bug', () => {
    const tensor = { name: 't', shape: [2, 2], fanIn: 2, fanOut: 2, role: 'kernel' as const };
    expect(() => toReference(tensor, new Float32Array(3))).toThrow(AssertionError);
  });
});

describe('initial weights', () => {
  const model = modelOf({ nFiltersScale: 1 });
  const layout = layoutOf(networkTensors(model));
  const spread = (name: string, slab: Float32Array) => {
    const values = viewOf(layout, slab, name);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return { largest, variance: values.reduce((sum, value) => sum + value * value, 0) / values.length };
  };

  it.each(['torch', 'glorot', 'he'] as const)('%s repeats with its seed and changes with it', (kind) => {
    const slab = initialWeights(layout, { kind, seed: 11 }, model);
    expect(initialWeights(layout, { kind, seed: 11 }, model)).toEqual(slab);
    expect(initialWeights(layout, { kind, seed: 12 }, model)).not.toEqual(slab);
  });

  it.each(['torch', 'glorot'] as const)('%s stays in its limits and fills them', (kind) => {
    const slab = initialWeights(layout, { kind, seed: 11 }, model);
    for (const { name, role, size, fanIn, fanOut } of layout.tensors) {
      const { largest, variance } = spread(name, slab);
      if (kind === 'glorot' && role === 'bias') {
        expect(largest, name).toBe(0);
        continue;
      }
      const limit = kind === 'torch' ? 1 / Math.sqrt(fanIn) : Math.sqrt(6 / (fanIn + fanOut));
      expect(largest, name).toBeLessThanOrEqual(Math.fround(limit));
      if (size >= 200) expect(variance / (limit * limit), name).toBeCloseTo(1 / 3, 1);
    }
  });

  it('he keeps the variance through ReLU layers, opens the gates and starts with flat maps', () => {
    const slab = initialWeights(layout, { kind: 'he', seed: 11 }, model);
    const relu = layout.tensors.filter(({ name, role, size }) => role === 'kernel' && /\.blocks\.\d\.conv/.test(name) && size >= 200); // prettier-ignore
    for (const { name, fanIn } of relu) expect(spread(name, slab).variance * fanIn, name).toBeCloseTo(2, 0);
    expect([...viewOf(layout, slab, 'encoder.blocks.0.attention.ChannelGate.mlp.3.bias')]).toEqual(
      Array(32).fill(2),
    );
    for (const head of ['decoder_amp.amp', 'decoder_phase.phase']) {
      expect(spread(`${head}.conv2.weight`, slab).largest).toBe(0);
      expect(spread(`${head}.conv1.weight`, slab).largest).toBeLessThan(0.01);
    }
  });

  it.each(['swish', 'sigmoid', 'softplus', 'relu'] as const)(
    'he starts a %s map at the amplitude asked for',
    (activation) => {
      const forward = {
        swish: (t: number) => t / (1 + Math.exp(-t)),
        sigmoid: (t: number) => 1 / (1 + Math.exp(-t)),
        softplus: (t: number) => Math.log1p(Math.exp(t)),
        relu: (t: number) => Math.max(t, 0),
      }[activation];
      fc.assert(
        fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), (amplitude) => {
          expect(forward(inverseActivation(activation, amplitude))).toBeCloseTo(amplitude, 9);
        }),
      );
      const started = initialWeights(layout, { kind: 'he', seed: 1, amplitudeStart: 0.3 }, { ...model, ampActivation: activation }); // prettier-ignore
      const [bias] = viewOf(layout, started, 'decoder_amp.amp.conv1.bias');
      expect(forward(bias as number)).toBeCloseTo(0.3, 6);
    },
  );

  it('starts the trainable scale at 0, and no other tensor depends on it', () => {
    const scaled = modelOf({ nFiltersScale: 1, intensityScaleTrainable: true });
    const scaledLayout = layoutOf(networkTensors(scaled));
    const slab = initialWeights(scaledLayout, { kind: 'he', seed: 5 }, scaled);
    expect(scaledLayout.size).toBe(layout.size + 1);
    expect(slab.at(-1)).toBe(0);
    expect(slab.subarray(0, layout.size)).toEqual(initialWeights(layout, { kind: 'he', seed: 5 }, model));
  });
});
