import { lossSpecSchema, type LossSpec, type ModelSpec } from '@ptychofleet/config';
import { initialWeights, networkTensors, toReference } from '@ptychofleet/model';
import { layoutOf, type ParameterLayout } from '@ptychofleet/params';
import { inputTensor, targetTensor } from '../../libs/compute/src/batch.ts';
import { createForwardModel } from '../../libs/compute/src/forward.ts';
import type { Inspect } from '../../libs/compute/src/network.ts';
import { groupGeometry } from '../../libs/compute/src/reassembly.ts';
import { tensorflow, type Tensor } from '../../libs/compute/src/runtime.ts';
import { stirlingRemainder } from '../../libs/data/src/stirling.ts';
import type { GoldenFile } from './golden-file.ts';
import { channelFirst, transposed, valuesOf } from './tensors.ts';

/** What our code makes of a network file, in the file's layouts. */
export interface NetworkRun {
  /** `amp`, `phase` and the same of the scaled input, (B, C, N, N), by key. */
  readonly maps: Readonly<Record<string, Float32Array>>;
  /** Means and largest magnitudes per channel and the bottleneck, by key without `act_`. */
  readonly features: Readonly<Record<string, Float32Array>>;
  /** (B, C, N, N) */
  readonly predicted: Float32Array;
}

export type LossKind = LossSpec['kind'];

/** A model with golden weights in front of one golden batch; made inside a tidy, freed by {@link dispose}. */
export class NetworkUnderTest {
  readonly layout: ParameterLayout;
  /** Weights in layout order. */
  readonly slab: Float32Array;
  readonly #file: GoldenFile;
  readonly #model: ModelSpec;
  readonly #weights: ReadonlyMap<string, Tensor>;

  constructor(file: GoldenFile, model: ModelSpec, base: number) {
    const tf = tensorflow();
    this.#file = file;
    this.#model = model;
    this.layout = layoutOf(networkTensors(model));
    this.slab = initialWeights(this.layout, { kind: 'hash', seed: 0, base }, model);
    this.#weights = new Map(
      this.layout.tensors.map(({ name, shape, offset, size }) => [
        name,
        tf.tensor(this.slab.slice(offset, offset + size), [...shape]),
      ]),
    );
  }

  readonly #weightOf = (name: string) => this.#weights.get(name) as Tensor;

  run(): NetworkRun {
    const { forward, batch, plain } = this.#pass('poisson');
    const tf = tensorflow();
    const maps: Record<string, Float32Array> = {};
    const features: Record<string, Float32Array> = {};
    const record = (suffix: string, input: typeof batch.input, inspect?: Inspect) => {
      const { amplitude, phase } = forward.objectMaps(this.#weightOf, input, inspect);
      maps[`amp${suffix}`] = channelFirst(amplitude);
      maps[`phase${suffix}`] = channelFirst(phase);
    };
    record('', plain, (name, block) => {
      if (name === 'bottleneck') {
        features.bottleneck_sample0 = channelFirst(tf.slice(block, 0, 1));
        return;
      }
      features[`${name}_mean`] = valuesOf(tf.mean(block, [0, 1, 2]));
      features[`${name}_absmax`] = valuesOf(tf.max(tf.abs(block), [0, 1, 2]));
    });
    record('_scaled_input', batch.input);
    const predicted = transposed(valuesOf(forward.amplitude(this.#weightOf, batch)), this.#model.N);
    forward.dispose();
    return { maps, features, predicted };
  }

  /**
   * Training loss, and its gradients in the reference's flat order by name.
   * @param observed (B, C, N, N)
   */
  gradients(
    kind: LossKind,
    observed = this.#file.f32('obs'),
  ): { loss: number; gradients: Map<string, Float32Array> } {
    const tf = tensorflow();
    const { forward, batch } = this.#pass(kind, observed);
    const normaliser = observed.reduce((a, b) => a + b, 0) / observed.length + 1e-8;
    const [groups, members] = this.#file.shape('obs');
    const share = 1 / (groups * normaliser);
    const { value, grads } = tf.engine().gradients(
      () => forward.losses(this.#weightOf, batch),
      this.layout.tensors.map(({ name }) => this.#weightOf(name)),
      tf.fill([groups * members], share),
    );
    // A tensor that the loss does not reach has no gradient.
    const gradients = new Map(
      this.layout.tensors.map((tensor, i) => {
        const slope = grads[i] as Tensor | null | undefined;
        return [tensor.name, toReference(tensor, slope ? valuesOf(slope) : new Float32Array(tensor.size))];
      }),
    );
    const S = this.#file.scalar('physics_scale');
    const constant =
      kind === 'mae' ? 0 : observed.reduce((sum, y) => sum + stirlingRemainder((S * y) ** 2), 0);
    const loss = (valuesOf(value).reduce((a, b) => a + b, 0) + constant) * share;
    forward.dispose();
    return { loss, gradients };
  }

  #pass(kind: LossKind, observed = this.#file.f32('obs')) {
    const tf = tensorflow();
    const file = this.#file;
    const { N } = this.#model;
    const C = file.shape('x')[1];
    const gain = file.scalar('rms_scale');
    const physics = file.scalar('physics_scale');
    const { re, im } = file.complex('probe');
    // The prediction is divided by the input scale again (model spec §8): the probe carries the factor.
    const divided = (part: Float32Array) => part.map((value) => value / gain);
    const relative = file.f32('rel_xy');
    const scan = { N, C, relative, probeRe: divided(re), probeIm: divided(im), scales: { physics } };
    const forward = createForwardModel(tf, this.#model, lossSpecSchema.parse({ kind }), scan);
    const { reassembly } = forward;
    const x = file.f32('x');
    const input = (values: Float32Array) => inputTensor(tf, values, N, C, reassembly !== null);
    return {
      forward,
      plain: input(x),
      batch: {
        input: input(x.map((value) => value * gain)),
        target: targetTensor(tf, observed, N, physics),
        geometry: reassembly === null ? null : groupGeometry(tf, reassembly, relative),
      },
    };
  }
}
