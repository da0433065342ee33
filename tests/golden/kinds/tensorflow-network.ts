import type { ModelSpec } from '@ptychofleet/config';
import { exchangeTensors, initialWeights, networkTensors } from '@ptychofleet/model';
import { layoutOf, viewOf } from '@ptychofleet/params';
import { createDiffraction } from '../../../libs/compute/src/diffraction.ts';
import { createKernels } from '../../../libs/compute/src/kernels.ts';
import { createNetwork } from '../../../libs/compute/src/network.ts';
import { illumination } from '../../../libs/compute/src/probe.ts';
import { tensorflow, type Tensor } from '../../../libs/compute/src/runtime.ts';
import { nearest, relativeDifference, type Checks } from '../comparison.ts';
import type { GoldenFile } from '../golden-file.ts';
import { kerasMerge } from '../keras-merge.ts';
import type { GoldenKind } from '../kind.ts';
import { modelOf } from '../reference-parameters.ts';
import { interleaved, modelWith, valuesOf } from '../tensors.ts';
import { tolerances } from '../tolerances.ts';

/** exp of the log-scale variable: inputs are stored multiplied by it, the network divides by it (golden read-me). */
const intensityScale = 20;
/** Canvas of a group: N + (gridsize - 1)·offset + jitter (model spec §6.1). */
const [offset, jitter] = [4, 10];
/** The file does not say which hash fill made its weights; the golden read-me names these two. */
const bases = [0, 1000];

interface ListedLayer {
  readonly k: number;
  readonly path: string;
  readonly shape: number[];
  readonly fan_in: number;
}

/** The network of the TensorFlow back end, with its own merge and our diffraction (model spec §2.5, §6.4). */
export const tensorflowNetwork: GoldenKind = {
  name: 'TensorFlow network',
  signature: '<tag>_x_scaled, <tag>_params_json and <tag>_trimmed_obj',
  matches: (file) =>
    file.captures(/^(.+)_x_scaled$/).some(([tag]) => file.has(`${tag}_params_json`, `${tag}_trimmed_obj`)),
  check(file, checks) {
    for (const [tag] of file.captures(/^(.+)_x_scaled$/)) checkNetwork(file, checks, tag);
  },
};

/** A bare list, or one beside the base of its weights as the other networks' files have it. */
function layersOf(file: GoldenFile, tag: string): { base?: number; params: readonly ListedLayer[] } {
  const listed = file.json(`${tag}_params_json`) as
    readonly ListedLayer[] | { base: number; params: ListedLayer[] };
  return 'params' in listed ? listed : { params: listed };
}

function checkNetwork(file: GoldenFile, checks: Checks, tag: string): void {
  const [, N, , C] = file.shapeOf(`${tag}_x_scaled`, 4);
  const { base: stated, params: listed } = layersOf(file, tag);
  const parameters = listed.map(({ path, shape }) => ({ name: path, shape }));
  const inferred = modelOf(parameters, 'keras', C);
  const model: ModelSpec = { ...inferred, headVariant: 'tensorflow', ampActivation: 'sigmoid' };
  checkParameters(file, checks, tag, model, listed);
  const M = N + (model.gridsize - 1) * offset + jitter;
  if (file.has(`${tag}_padded_size`)) checks.scalar(`${tag}_padded_size`, M, tolerances.whole);

  const expected = file.numbers(`${tag}_trimmed_obj`);
  const { base, object, predicted } = nearest(
    (stated === undefined ? bases : [stated]).map((base) => () => ({
      base,
      ...evaluate(file, tag, model, base, M),
    })),
    (run) => relativeDifference(run.object, expected),
    tolerances.overWeight.limit,
  );
  checks.setting(
    `${tag}: gridsize ${model.gridsize}, width ${model.nFiltersScale}, weights from base ${base}`,
  );
  checks.array(`${tag}_trimmed_obj`, object, tolerances.overWeight);
  // The rim, where weights are near 0, is a thousand times larger than the object: the middle counts by itself.
  const reach =
    1 + Math.ceil(file.numbers(`${tag}_pos`).reduce((most, shift) => Math.max(most, Math.abs(shift)), 0));
  const inside = (i: number) => i >= N / 4 + reach && i < (3 * N) / 4 - reach;
  checks.array(`${tag}_trimmed_obj`, object, tolerances.forward, {
    name: `${tag}_trimmed_obj inside`,
    where: (i) => inside(Math.floor(i / (2 * N)) % N) && inside((i >> 1) % N),
  });
  checks.array(`${tag}_pred_amp`, predicted, tolerances.overWeight);
}

/** The object, (b, N, N, 1) complex, and the predicted amplitude, (b, N, N, C). */
function evaluate(file: GoldenFile, tag: string, model: ModelSpec, base: number, M: number) {
  const tf = tensorflow();
  const [b, N, , C] = file.shapeOf(`${tag}_x_scaled`, 4);
  const weights = weightsOf(model, base);
  const kernels = createKernels(tf);
  const network = createNetwork(tf, kernels, model);
  const input = file.f32(`${tag}_x_scaled`).map((value) => value / intensityScale);
  const maps = network.forward((name) => weights.get(name) as Tensor, tf.tensor4d(input, [b, N, N, C]));
  const parts = [tf.mul(maps.amplitude, tf.cos(maps.phase)), tf.mul(maps.amplitude, tf.sin(maps.phase))];
  const patches = tf.transpose(tf.stack(parts, 1), [0, 1, 4, 2, 3]); // (b, 2, C, N, N)
  const relative = valuesOf(tf.transpose(tf.tensor(file.f32(`${tag}_pos`), [b, 2, C]), [0, 2, 1]));
  const { canvas, cut } = kerasMerge(patches, relative, M);
  const edge = (M - N) / 2;
  const trimmed = tf.slice(canvas, [0, 0, edge, edge], [-1, -1, N, N]);

  const { re, im } = file.complex(`${tag}_probe_normed`);
  const optics = createDiffraction(tf, N, illumination(modelWith({ N, probeScale: 1 }), re, im));
  const members = tf.reshape(tf.transpose(cut(), [0, 2, 1, 3, 4]), [-1, 2, N, N]);
  const amplitude = tf.reshape(optics.amplitude(optics.farField(members)), [b, C, N, N]); // [column, row]
  const predicted = tf.mul(tf.transpose(amplitude, [0, 3, 2, 1]), intensityScale);
  network.dispose();
  kernels.dispose();
  return { object: interleaved(trimmed), predicted: valuesOf(predicted) };
}

/** The hash fill counts parameters, and a parameter's elements, in the Keras order: so it sees them flat. */
function weightsOf(model: ModelSpec, base: number): Map<string, Tensor> {
  const tensors = exchangeTensors(model, 'keras');
  const flat = layoutOf(
    tensors.map(({ tensor, shape }) => ({ ...tensor, shape: [shape.reduce((a, c) => a * c, 1)] })),
  );
  const slab = initialWeights(flat, { kind: 'hash', seed: 0, base }, model);
  const { tensor } = tensorflow();
  return new Map(
    tensors.map(({ tensor: { name }, shape }) => [
      name,
      tensor(viewOf(flat, slab, name).slice(), [...shape]),
    ]),
  );
}

function checkParameters(
  file: GoldenFile,
  checks: Checks,
  tag: string,
  model: ModelSpec,
  listed: readonly ListedLayer[],
): void {
  const ours = exchangeTensors(model, 'keras');
  const agreeing = ours.findIndex(({ name, shape, tensor }, i) => {
    const { path, shape: theirs, fan_in } = listed[i] ?? {};
    return name !== path || String(shape) !== String(theirs) || tensor.fanIn !== fan_in;
  });
  const count = agreeing < 0 ? ours.length : agreeing;
  checks.values(`${tag}_params_json: layers in order`, [count], [listed.length], tolerances.whole);
  const total = (fields: Partial<ModelSpec>) => layoutOf(networkTensors({ ...model, ...fields })).size;
  if (file.has(`${tag}_total_params`)) checks.scalar(`${tag}_total_params`, total({}), tolerances.whole);
  for (const [owner, scale] of file.captures(/^(.+)_total_params_default_scale(\d+)$/))
    if (owner === tag)
      checks.scalar(
        `${tag}_total_params_default_scale${scale}`,
        total({ nFiltersScale: Number(scale) }),
        tolerances.whole,
      );
}
