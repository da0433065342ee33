import { afterAll, describe, expect, it } from 'vitest';
import { lossSpecSchema, type ModelSpec } from '@ptychofleet/config';
import { initialWeights, networkTensors, toReference } from '@ptychofleet/model';
import { layoutOf } from '@ptychofleet/params';
import { inputTensor, targetTensor } from './batch.ts';
import { createForwardModel } from './forward.ts';
import {
  channelFirst,
  goldenPath,
  modelWith,
  readGolden,
  relativeError,
  transposed,
} from './golden.test-support.ts';
import type { Inspect } from './network.ts';
import { groupGeometry } from './reassembly.ts';
import { tensorflow, type Tensor } from './runtime.ts';

interface GoldenParameter {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  readonly sum: number;
  readonly grad_norm: number;
  readonly grad_first: number;
  readonly grad_last: number;
  readonly grad_sum: number;
}

const cases: readonly { file: string; model: Partial<ModelSpec> }[] = [
  { file: 'cnn_gs1_small', model: { gridsize: 1, nFiltersScale: 1, objectBig: false } },
  { file: 'cnn_gs1_default', model: { gridsize: 1, nFiltersScale: 2, objectBig: false } },
  { file: 'cnn_gs1_nocbam', model: { gridsize: 1, nFiltersScale: 1, objectBig: false, cbamEncoder: false } },
  {
    file: 'cnn_gs1_sigmoid_probesmall',
    model: { gridsize: 1, nFiltersScale: 1, objectBig: false, ampActivation: 'sigmoid', probeBig: false },
  },
  { file: 'cnn_gs2_small', model: { gridsize: 2, nFiltersScale: 1, objectBig: true } },
  { file: 'cnn_gs2_default', model: { gridsize: 2, nFiltersScale: 2, objectBig: true } },
  { file: 'cnn_gs2_N128_small', model: { N: 128, gridsize: 2, nFiltersScale: 1, objectBig: true } },
];

for (const { file, model: fields } of cases) {
  describe.skipIf(goldenPath(file) === null)(`network and forward model against ${file}`, () => {
    const model = modelWith(fields);
    const run = goldenPath(file) === null ? null : evaluate(file, model);
    afterAll(() => run?.dispose());

    it('reproduces the maps', () => {
      const { golden, maps } = run as Evaluation;
      for (const [key, values] of Object.entries(maps)) {
        expect(relativeError(values, golden.f32(key)), key).toBeLessThan(1e-5);
      }
    });

    it('reproduces the features of every block', () => {
      const { golden, features } = run as Evaluation;
      for (const [key, values] of Object.entries(features)) {
        expect(relativeError(values, golden.f32(`act_${key}`)), key).toBeLessThan(1e-5);
      }
    });

    it('reproduces the predicted amplitude', () => {
      const { golden, predicted } = run as Evaluation;
      expect(relativeError(predicted, golden.f32('pred_amp'))).toBeLessThan(1e-5);
    });

    it('reproduces the loss, a small difference of large terms', () => {
      const { golden, loss } = run as Evaluation;
      expect(Math.abs(loss / golden.scalar('loss') - 1)).toBeLessThan(1e-3);
    });

    it('reproduces the gradient of every parameter', () => {
      const { golden, gradients } = run as Evaluation;
      const { params } = golden.json('params_json') as { params: GoldenParameter[] };
      const largest = Math.max(...params.map((parameter) => parameter.grad_norm));
      expect([...gradients.keys()]).toEqual(params.map(({ name }) => name));
      for (const parameter of params) {
        const actual = gradients.get(parameter.name) as Float32Array;
        const norm = Math.sqrt(actual.reduce((sum, value) => sum + value * value, 0));
        const sum = actual.reduce((total, value) => total + value, 0);
        const gaps = [
          norm - parameter.grad_norm,
          (actual[0] as number) - parameter.grad_first,
          (actual.at(-1) as number) - parameter.grad_last,
          (sum - parameter.grad_sum) / Math.sqrt(actual.length),
        ];
        const worst = Math.max(...gaps.map(Math.abs));
        expect(worst / largest, parameter.name).toBeLessThan(3e-5);
        // Far below the largest, single entries of the file are off by up to 10 %: central differences of a double-precision
        // forward pass (cnn_gs1_default, first bias) give 1.1155e-6, as here, where the file says 1.2246e-6.
        if (parameter.grad_norm > 1e-2 * largest) {
          expect(worst / parameter.grad_norm, parameter.name).toBeLessThan(1e-4);
        }
      }
    });
  });
}

type Evaluation = ReturnType<typeof evaluate>;

/** One forward and backward pass with the golden weights; gradients in the reference's flat order. */
function evaluate(file: string, model: ModelSpec) {
  const tf = tensorflow();
  const golden = readGolden(file);
  const { N } = model;
  const [b, C] = golden.shape('x') as [number, number];
  const { re, im } = golden.complex('probe');
  const gain = golden.scalar('rms_scale');
  const physics = golden.scalar('physics_scale');
  // The prediction is divided by the input scale again (model spec §8): the probe carries the factor.
  const scan = {
    N,
    C,
    relative: golden.f32('rel_xy'),
    probeRe: re.map((value) => value / gain),
    probeIm: im.map((value) => value / gain),
    scales: { physics },
  };
  const layout = layoutOf(networkTensors(model));
  const { base } = golden.json('params_json') as { base: number };
  const slab = initialWeights(layout, { kind: 'hash', seed: 0, base }, model);
  const weights = new Map(
    layout.tensors.map(({ name, shape, offset, size }) => [
      name,
      tf.tensor(slab.slice(offset, offset + size), [...shape]) as Tensor,
    ]),
  );
  const weightOf = (name: string) => weights.get(name) as Tensor;
  const forward = createForwardModel(tf, model, lossSpecSchema.parse({}), scan);
  const x = golden.f32('x');
  const scaled = x.map((value) => value * gain);
  const together = forward.reassembly !== null;
  const batch = {
    input: inputTensor(tf, scaled, N, C, together),
    target: targetTensor(tf, golden.f32('obs'), N, physics),
    geometry:
      forward.reassembly === null ? null : groupGeometry(tf, forward.reassembly, golden.f32('rel_xy')),
  };
  const maps: Record<string, Float32Array> = {};
  const features: Record<string, Float32Array> = {};
  const record = (suffix: string, input: typeof batch.input, inspect?: Inspect) => {
    const { amplitude, phase } = forward.objectMaps(weightOf, input, inspect);
    maps[`amp${suffix}`] = channelFirst(amplitude.dataSync<'float32'>(), amplitude.shape);
    maps[`phase${suffix}`] = channelFirst(phase.dataSync<'float32'>(), phase.shape);
  };
  record('', inputTensor(tf, x, N, C, together), (name, block) => {
    const values = (tensor: Tensor) => tensor.dataSync<'float32'>() as Float32Array;
    if (name === 'bottleneck') {
      features.bottleneck_sample0 = channelFirst(values(tf.slice(block, 0, 1)), [1, ...block.shape.slice(1)]);
      return;
    }
    features[`${name}_mean`] = values(tf.mean(block, [0, 1, 2]));
    features[`${name}_absmax`] = values(tf.max(tf.abs(block), [0, 1, 2]));
  });
  record('_scaled_input', batch.input);
  const predicted = transposed(forward.amplitude(weightOf, batch).dataSync<'float32'>() as Float32Array, N);
  const obs = golden.f64('obs');
  const mean = obs.reduce((a, c) => a + c, 0) / obs.length + 1e-8;
  const names = layout.tensors.map(({ name }) => name);
  const dy = tf.fill([b * C], 1 / (b * mean));
  const { value, grads } = tf
    .engine()
    .gradients(() => forward.losses(weightOf, batch), names.map(weightOf), dy);
  const gradients = new Map(
    layout.tensors.map((tensor, i) => {
      const values =
        (grads[i]?.dataSync<'float32'>() as Float32Array | undefined) ?? new Float32Array(tensor.size);
      return [tensor.name, toReference(tensor, values)];
    }),
  );
  let constant = 0;
  for (const y of obs) {
    const k = (physics * y) ** 2;
    if (k > 0) constant += k - k * Math.log(k) + lgamma(k + 1);
  }
  const deviance = value.dataSync<'float32'>().reduce((a: number, c: number) => a + c, 0);
  const loss = (deviance + constant) / (b * mean);
  return { golden, maps, features, predicted, loss, gradients, dispose: () => forward.dispose() };
}

/** Stirling series after shifting the argument above 10; relative error below 1e-12. */
function lgamma(x: number): number {
  let shift = 0;
  let z = x;
  while (z < 10) shift += Math.log(z++);
  const series = 1 / (12 * z) - 1 / (360 * z ** 3) + 1 / (1260 * z ** 5) - 1 / (1680 * z ** 7);
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
