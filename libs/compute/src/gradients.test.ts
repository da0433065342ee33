import { describe, expect, it } from 'vitest';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { lossSpecSchema, type LossSpec, type ModelSpec } from '@ptychofleet/config';
import { initialWeights, networkTensors } from '@ptychofleet/model';
import { layoutOf, viewOf } from '@ptychofleet/params';
import { attend } from './attention.ts';
import { batchTensors, gather } from './batch.ts';
import { createDiffraction } from './diffraction.ts';
import { createForwardModel } from './forward.ts';
import { compareGradients, input, noise, valuesOf } from './gradients.test-support.ts';
import { modelWith } from './model.test-support.ts';
import { createKernels } from './kernels.ts';
import { createLosses } from './loss.ts';
import { createObjectLosses } from './object-loss.ts';
import * as oracle from './oracle.test-support.ts';
import { illumination, probeIntensity } from './probe.ts';
import {
  canvasSide,
  extract,
  groupGeometry,
  merge,
  neighborDistance,
  type PatchWeighting,
} from './reassembly.ts';
import { tensorflow, type Tensor } from './runtime.ts';
import { syntheticScan } from './scan.test-support.ts';

const tf = tensorflow();
const kernels = createKernels(tf);

describe('layers against central differences in double precision', () => {
  const shape = [2, 4, 6, 3] as const;
  const x = input('x', ...shape);

  it.each([true, false])('convolution with bias, ReLU %s', (relu) => {
    compareGradients(
      [x, input('filter', 3, 3, 3, 5), input('bias', 5)],
      (x, filter, bias) => kernels.convolve(x as Tensor4D, filter as Tensor4D, bias as Tensor, relu),
      (x, filter, bias) => {
        const y = oracle.convolution({ shape, values: x as Float64Array }, filter as Float64Array, bias as Float64Array, 5); // prettier-ignore
        return relu ? oracle.mapped(y, oracle.relu).values : y.values;
      },
    );
  });

  it.each([
    ['relu', kernels.relu, (images: oracle.Images) => oracle.mapped(images, oracle.relu)],
    ['max pooling', kernels.maxPool, oracle.maxPool],
    ['up-sampling', kernels.upsample, oracle.upsample],
  ] as const)('%s', (_, layer, definition) => {
    compareGradients(
      [x],
      (x) => layer(x as Tensor4D),
      (values) => definition({ shape, values: values as Float64Array }).values,
    );
  });

  it('attention', () => {
    const G = 32;
    const inputs = [
      input('features', 2, 3, 4, G),
      input('a.ChannelGate.mlp.1.weight', G, 2),
      // Open hidden units: through closed ones no error of the channel gate would show.
      { name: 'a.ChannelGate.mlp.1.bias', shape: [2], values: Float32Array.of(1.5, 2) },
      input('a.ChannelGate.mlp.3.weight', 2, G),
      input('a.ChannelGate.mlp.3.bias', G),
      input('a.SpatialGate.compress.weight', 7, 7, 2, 1),
    ];
    const named = <T>(values: readonly T[]) => {
      const byName = new Map(inputs.map(({ name }, i) => [name, values[i] as T]));
      return (name: string) => byName.get(name) as T;
    };
    compareGradients(
      inputs,
      (...tensors) => attend(tf, kernels, named(tensors), 'a', tensors[0] as Tensor4D),
      (...values) => {
        const features = oracle.imagesOf([2, 3, 4, G], values[0] as Float64Array);
        return oracle.attention(features, named(values), 'a').values;
      },
    );
  });
});

describe('physics against central differences in double precision', () => {
  const [N, C] = [8, 4];
  const area = N * N;

  it.each<PatchWeighting>(['central_mask', 'probe', 'uniform'])('merge and extraction, %s', (weighting) => {
    const M = canvasSide(N, 2, 3);
    const probe = noise(area, 'probe').map((value) => value * value);
    const relative = noise(2 * C, 'offsets').map((value) => 1.5 * value);
    const plan = { N, C, M, weighting, probeIntensity: probe };
    const geometry = groupGeometry(tf, plan, relative);
    compareGradients(
      [input('patches', 1, 2, C, N, N)],
      (patches) => extract(tf, merge(tf, patches as Tensor, geometry), geometry),
      (patches) =>
        Float64Array.from(
          [0, 1].flatMap((part) => {
            const members = Array.from({ length: C }, (_, c) =>
              (patches as Float64Array).subarray((part * C + c) * area, (part * C + c + 1) * area),
            );
            return oracle.mergedAndCut(members, relative, plan).patches.flatMap((patch) => [...patch]);
          }),
        ),
    );
  });

  const field = { re: noise(area, 'probe, real'), im: noise(area, 'probe, imaginary') };
  const parts = (object: Float64Array) => ({ re: object.subarray(0, area), im: object.subarray(area) });
  const transposed = (image: Float64Array) =>
    image.map((_, at) => image[(at % N) * N + Math.floor(at / N)] as number);

  it('diffraction amplitude', () => {
    const diffraction = createDiffraction(tf, N, field);
    compareGradients(
      [input('object', 1, 2, N, N)],
      (object) => diffraction.amplitude(diffraction.farField(object as Tensor)),
      (object) => transposed(oracle.diffractionAmplitude(parts(object as Float64Array), field, N)),
    );
    diffraction.dispose();
  });

  const S = 3;
  const target = noise(2 * area, 'target').map((value) => S * (0.7 + 0.5 * value));
  const norm = (values: ArrayLike<number>) =>
    Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0));
  const errors: Record<string, (amplitudes: Float64Array[], targets: Float64Array[]) => number[]> = {
    'Poisson deviance': (amplitudes, targets) =>
      amplitudes.map((amplitude, i) => oracle.poissonDeviance(amplitude, targets[i] as Float64Array, S)),
    'absolute error': (amplitudes, targets) =>
      amplitudes.map((amplitude, i) =>
        amplitude.reduce((sum, a, at) => sum + Math.abs(S * a - (targets[i]?.[at] as number)), 0),
      ),
    'absolute error of a matched pair': (amplitudes, targets) => {
      const factor = norm(targets.flatMap((t) => [...t])) / norm(amplitudes.flatMap((a) => [...a]));
      return amplitudes.map((amplitude, i) =>
        amplitude.reduce((sum, a, at) => sum + Math.abs(factor * a - (targets[i]?.[at] as number)), 0),
      );
    },
  };

  it.each(Object.keys(errors))('%s of two patterns', (name) => {
    const diffraction = createDiffraction(tf, N, field);
    const losses = createLosses(tf, diffraction, S);
    const targets = tf.tensor3d(target, [2, N, N]);
    const layer = {
      'Poisson deviance': (far: Tensor) => losses.poissonDeviance(far, targets),
      'absolute error': (far: Tensor) => losses.absoluteError(far, targets),
      'absolute error of a matched pair': (far: Tensor) => losses.absoluteError(far, targets, 2),
    }[name] as (far: Tensor) => Tensor;
    compareGradients(
      [input('two objects', 2, 2, N, N)],
      (objects) => layer(diffraction.farField(objects as Tensor)),
      (objects) => {
        const each = [0, 1].map((i) => (objects as Float64Array).subarray(2 * i * area, 2 * (i + 1) * area));
        const amplitudes = each.map((object) =>
          transposed(oracle.diffractionAmplitude(parts(object), field, N)),
        );
        const measured = [0, 1].map((i) => Float64Array.from(target.subarray(i * area, (i + 1) * area)));
        return errors[name]?.(amplitudes, measured) as number[];
      },
    );
    diffraction.dispose();
  });

  describe.each([true, false])('of objects whose outer ring is predicted: %s', (probeBig) => {
    const shape = [2, N, N, 3] as const;
    const maps = [input('amplitude', ...shape), input('phase', ...shape)];
    const inside = (i: number) => probeBig || (i >= N / 4 && i < (3 * N) / 4);
    /** Σ over the compared pixels of each of the six patterns. */
    const perPattern = (term: (at: (y: number, x: number) => number, y: number, x: number) => number) =>
      Array.from({ length: 6 }, (_, pattern) => {
        const [b, c] = [Math.floor(pattern / 3), pattern % 3];
        const at = (y: number, x: number) => ((b * N + y) * N + x) * 3 + c;
        let sum = 0;
        for (let y = 0; y < N; y++) {
          for (let x = 0; x < N; x++) if (inside(y) && inside(x)) sum += term(at, y, x);
        }
        return sum;
      });
    const losses = createObjectLosses(tf, N, probeBig);
    const asMaps = (amplitude: Tensor, phase: Tensor) => ({ amplitude, phase }) as Parameters<typeof losses.totalVariation>[0]; // prettier-ignore

    it('total variation', () => {
      compareGradients(
        maps,
        (amplitude, phase) => losses.totalVariation(asMaps(amplitude as Tensor, phase as Tensor)),
        (amplitude, phase) => {
          const value = (part: (angle: number) => number) => (i: number) =>
            (amplitude?.[i] as number) * part(phase?.[i] as number);
          return perPattern((at, y, x) => {
            let sum = 0;
            for (const part of [value(Math.cos), value(Math.sin)]) {
              if (y + 1 < N && inside(y + 1)) sum += Math.abs(part(at(y + 1, x)) - part(at(y, x)));
              if (x + 1 < N && inside(x + 1)) sum += Math.abs(part(at(y, x + 1)) - part(at(y, x)));
            }
            return sum;
          });
        },
      );
    });

    it('error against labels', () => {
      const label = { amplitude: noise(384, 'label amplitude'), phase: noise(384, 'label phase') };
      const labels = asMaps(tf.tensor(label.amplitude, [...shape]), tf.tensor(label.phase, [...shape]));
      compareGradients(
        maps,
        (amplitude, phase) => losses.error(asMaps(amplitude as Tensor, phase as Tensor), labels),
        (amplitude, phase) =>
          perPattern((at, y, x) => {
            const i = at(y, x);
            const gap = Math.abs((amplitude?.[i] as number) - (label.amplitude[i] as number));
            return gap + Math.abs((phase?.[i] as number) - (label.phase[i] as number));
          }),
      );
    });
  });

  it('a flat object has total variation 0 and slope 0', () => {
    const losses = createObjectLosses(tf, N, true);
    const flat = tf.fill([1, N, N, 1], 0.4) as Tensor4D;
    const variation = (amplitude: Tensor, phase: Tensor) =>
      tf.sum(losses.totalVariation({ amplitude, phase } as Parameters<typeof losses.totalVariation>[0]));
    expect(valuesOf(variation(flat, flat))[0]).toBe(0);
    for (const slope of tf.grads(variation)([flat, flat]))
      expect(valuesOf(slope).every((value) => value === 0)).toBe(true);
  });
});

describe('the whole model against central differences in double precision', () => {
  // Half the smallest side that is trained: network, merge, diffraction and loss at a size that the definition can afford.
  const N = 32;
  const models: Record<string, Partial<ModelSpec>> = {
    'a pair of pairs with attention': { gridsize: 2, objectBig: true, cbamBottleneck: true },
    'single patterns, sigmoid, no outer branch': { gridsize: 1, objectBig: false, ampActivation: 'sigmoid', probeBig: false }, // prettier-ignore
  };
  const losses: Record<string, LossSpec> = {
    poisson: lossSpecSchema.parse({}),
    mixture: lossSpecSchema.parse({ nllWeight: 0.3, maeWeight: 0.7, realspaceWeight: 50, tvWeight: 2 }),
  };

  it.each([
    ['poisson', 'a pair of pairs with attention'],
    ['mixture', 'single patterns, sigmoid, no outer branch'],
  ] as const)('%s loss of %s', (lossName, modelName) => {
    const model = { ...modelWith({ nFiltersScale: 1, ...models[modelName] }), N: N as 64 };
    const loss = losses[lossName] as LossSpec;
    const scan = syntheticScan(model, 1);
    const C = scan.C;
    const layout = layoutOf(networkTensors(model));
    const weights = initialWeights(layout, { kind: 'torch', seed: 3 }, model);
    viewOf(layout, weights, 'decoder_amp.amp.conv1.bias').fill(0.5);

    const forward = createForwardModel(tf, model, loss, scan);
    const host = gather(scan, { groupIndices: Int32Array.of(0) });
    const names = layout.tensors.map(({ name }) => name);
    let value = 0;
    let gradients: readonly (Float32Array | null)[] = [];
    tf.tidy(() => {
      const tensors = new Map(layout.tensors.map(({ name, shape }) => [name, tf.tensor(viewOf(layout, weights, name).slice(), [...shape]) as Tensor])); // prettier-ignore
      const batch = batchTensors(tf, scan, forward.reassembly, host);
      const weightOf = (name: string) => tensors.get(name) as Tensor;
      const { value: losses, grads } = tf
        .engine()
        .gradients(() => forward.losses(weightOf, batch), names.map(weightOf), tf.ones([C]));
      value = valuesOf(losses).reduce((a, b) => a + b, 0);
      gradients = grads.map((grad) => ((grad as Tensor | null | undefined) ? valuesOf(grad).slice() : null));
    });

    const probe = illumination(model, scan.probeRe, scan.probeIm);
    const M = canvasSide(N, model.gridsize, neighborDistance(model, scan.relative));
    const intensity = probeIntensity(N, scan.probeRe, scan.probeIm);
    const S = scan.scales.physics;
    const patternsLast = oracle.imagesOf(
      [1, N, N, C],
      Array.from({ length: N * N * C }, (_, at) => host.amplitudes[(at % C) * N * N + Math.floor(at / C)] as number), // prettier-ignore
    );
    const lossAt = (slab: Float64Array): number => {
      const parameters = (name: string) => {
        const tensor = layout.tensors.find((candidate) => candidate.name === name);
        return slab.subarray(tensor?.offset, (tensor?.offset ?? 0) + (tensor?.size ?? 0));
      };
      const [amplitude, phase] = oracle.objectMaps(model, parameters, patternsLast);
      const part = (f: (angle: number) => number) =>
        Array.from(
          { length: C },
          (_, c) =>
          Float64Array.from({ length: N * N }, (_, i) => (amplitude.values[i * C + c] as number) * f(phase.values[i * C + c] as number)), // prettier-ignore
        );
      let object: { re: Float64Array[]; im: Float64Array[] } = { re: part(Math.cos), im: part(Math.sin) };
      const inside = (i: number) => model.probeBig || (i >= N / 4 && i < (3 * N) / 4);
      let sum = 0;
      for (const images of [object.re, object.im]) {
        for (const image of images) {
          for (let at = 0; at < N * N; at++) {
            const [y, x] = [Math.floor(at / N), at % N];
            if (!inside(y) || !inside(x)) continue;
            const jump = (to: number) => Math.abs((image[to] as number) - (image[at] as number));
            const variation = (y + 1 < N && inside(y + 1) ? jump(at + N) : 0) + (x + 1 < N && inside(x + 1) ? jump(at + 1) : 0); // prettier-ignore
            sum += loss.realspaceWeight * loss.tvWeight * variation;
          }
        }
      }
      if (model.objectBig) {
        const plan = { N, M, weighting: model.trainingPatchWeighting, probeIntensity: intensity };
        const cut = (images: Float64Array[]) => oracle.mergedAndCut(images, scan.relative, plan).patches;
        object = { re: cut(object.re), im: cut(object.im) };
      }
      for (let c = 0; c < C; c++) {
        const fields = { re: object.re[c] as Float64Array, im: object.im[c] as Float64Array };
        const predicted = oracle.diffractionAmplitude(fields, probe, N);
        const measured = host.amplitudes.subarray(c * N * N, (c + 1) * N * N).map((value) => Math.fround(S * value)); // prettier-ignore
        sum += loss.nllWeight * oracle.poissonDeviance(predicted, measured, S);
        sum += loss.maeWeight * predicted.reduce((total, p, i) => total + Math.abs(S * p - (measured[i] as number)), 0); // prettier-ignore
      }
      return sum;
    };

    const start = Float64Array.from(weights);
    expect(Math.abs(value / lossAt(start) - 1)).toBeLessThan(1e-5);
    const norms = gradients.map((gradient) => Math.sqrt(gradient?.reduce((sum, v) => sum + v * v, 0) ?? 0));
    const largest = Math.max(...norms);
    // Each tensor along its own gradient plus noise: a wrong entry shows wherever it is.
    const checked = layout.tensors.filter((_, i) => (norms[i] as number) > 1e-4 * largest);
    expect(checked.length).toBeGreaterThan(layout.tensors.length / 3);
    for (const { name, offset, size } of checked) {
      const gradient = gradients[names.indexOf(name)] as Float32Array;
      const norm = norms[names.indexOf(name)] as number;
      const unit = 1 / Math.sqrt(size);
      const direction = noise(size, name).map((value, i) => (gradient[i] as number) / norm + unit * value);
      const step = 1e-5;
      const moved = (by: number) => {
        const slab = start.slice();
        for (let i = 0; i < size; i++) slab[offset + i]! += by * (direction[i] as number);
        return lossAt(slab);
      };
      const slope = (moved(step) - moved(-step)) / (2 * step);
      const expected = direction.reduce((sum, d, i) => sum + d * (gradient[i] as number), 0);
      expect(Math.abs(slope / expected - 1), name).toBeLessThan(2e-3);
    }
    forward.dispose();
  });
});
