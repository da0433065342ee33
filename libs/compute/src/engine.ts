import type { NamedTensorMap, Tensor4D } from '@tensorflow/tfjs-core';
import { assert } from '@ptychofleet/base';
import type { LossSpec, ModelSpec } from '@ptychofleet/config';
import { networkTensors } from '@ptychofleet/model';
import { layoutOf, type ParameterLayout } from '@ptychofleet/params';
import { batchTensors, gather, inputTensor, type HostBatch, type MicroBatch } from './batch.ts';
import { createForwardModel } from './forward.ts';
import { complexParts } from './network.ts';
import { tensorflow, type Tensor } from './runtime.ts';
import type { ScanTensors } from './scan-tensors.ts';

export interface LossResult {
  /**
   * Sum over the groups of their loss, divided by the run's mean amplitude (model spec §9; not in supervised training), not
   * by the number of groups.
   */
  readonly lossSum: number;
  /** Groups without padding. */
  readonly groupCount: number;
}

export interface GradientResult extends LossResult {
  /** One slab in layout order: the derivative of the sum that `lossSum` states. */
  readonly gradient: Float32Array;
}

/**
 * Gradient, loss and prediction of one model on one scan: pure functions of (weights, groups), computed alone with a
 * fixed shape, so that nothing but the numerics class can change a bit. Synchronous: keep it off threads that serve.
 */
export interface Engine {
  readonly layout: ParameterLayout;
  /** Copies the slab. */
  setWeights(slab: Float32Array): void;
  gradient(batch: MicroBatch): GradientResult;
  loss(batch: MicroBatch): LossResult;
  /** The object in the units that the physics takes, (b, C, m, m, 2) real and imaginary, cut to the central `cropSide` = m pixels; padding rows are 0. */
  predict(batch: MicroBatch, cropSide: number): Float32Array;
  dispose(): void;
}

/** @throws Fault when scan and model disagree, or TensorFlow is not in place. */
export function createEngine(model: ModelSpec, loss: LossSpec, scan: ScanTensors): Engine {
  const tf = tensorflow();
  const layout = layoutOf(networkTensors(model));
  const { N, C } = scan;
  const forward = createForwardModel(tf, model, loss, scan);
  let weights: NamedTensorMap = {};
  const weightOf = (name: string): Tensor => {
    const tensor = weights[name];
    assert(tensor !== undefined, `no weight named ${name}: call setWeights first`);
    return tensor;
  };

  // Supervised losses are means over pixels of the object and have nothing to do with the measured amplitudes.
  const normaliser = model.modelType === 'supervised' ? 1 : scan.scales.meanAmplitude;

  const lossSum = (perPattern: Float32Array, host: HostBatch): number => {
    const { poisson } = forward.lossWeights;
    let sum = 0;
    host.members.forEach((pattern, place) => {
      if (host.real[Math.floor(place / C)] === 0) return;
      sum += (perPattern[place] as number) + poisson * (scan.lossConstant[pattern] as number);
    });
    return sum / normaliser;
  };

  return {
    layout,

    setWeights(slab) {
      assert(slab.length === layout.size, `slab has ${slab.length} floats, layout ${layout.size}`);
      tf.dispose(weights);
      // The back end uploads an array on its first use: give it one that nobody else can change.
      weights = Object.fromEntries(
        layout.tensors.map(({ name, shape, offset, size }) => [
          name,
          tf.tensor(slab.slice(offset, offset + size), [...shape], 'float32'),
        ]),
      );
    },

    gradient(batch) {
      const host = gather(scan, batch);
      const gradient = new Float32Array(layout.size);
      const perPattern = tf.tidy(() => {
        const tensors = batchTensors(tf, scan, forward.reassembly, host);
        const names = layout.tensors.map(({ name }) => name);
        const share = Float32Array.from(host.members, (_, place) =>
          host.real[Math.floor(place / C)] === 1 ? 1 / normaliser : 0,
        );
        const { value, grads } = tf
          .engine()
          .gradients(() => forward.losses(weightOf, tensors), names.map(weightOf), tf.tensor1d(share));
        // A tensor that the loss does not reach (outer branch with probeBig false) keeps its zeros.
        layout.tensors.forEach(({ offset }, i) => {
          const grad = grads[i] as Tensor | undefined | null;
          if (grad) gradient.set(grad.dataSync(), offset);
        });
        return value.dataSync<'float32'>();
      });
      return { lossSum: lossSum(perPattern, host), groupCount: host.groupCount, gradient };
    },

    loss(batch) {
      const host = gather(scan, batch);
      const perPattern = tf.tidy(() =>
        forward.losses(weightOf, batchTensors(tf, scan, forward.reassembly, host)).dataSync<'float32'>(),
      );
      return { lossSum: lossSum(perPattern, host), groupCount: host.groupCount };
    },

    predict(batch, cropSide) {
      assert(cropSide > 0 && cropSide <= N && (N - cropSide) % 2 === 0, `crop side ${cropSide} of ${N}`);
      const host = gather(scan, batch);
      const together = forward.reassembly !== null;
      const start = (N - cropSide) / 2;
      const object = tf.tidy(() => {
        const maps = forward.physicalMaps(weightOf, inputTensor(tf, host.amplitudes, N, C, together));
        const cut = (map: Tensor4D) => tf.slice4d(map, [0, start, start, 0], [-1, cropSide, cropSide, -1]);
        const central = { amplitude: cut(maps.amplitude), phase: cut(maps.phase) };
        const parts = tf.stack(complexParts(tf, central), 4);
        // (b, m, m, Cout, 2) → (b, Cout, m, m, 2)
        return tf.transpose(parts, [0, 3, 1, 2, 4]).dataSync<'float32'>() as Float32Array;
      });
      const perGroup = C * cropSide * cropSide * 2;
      host.real.forEach((real, row) => {
        if (real === 0) object.fill(0, row * perGroup, (row + 1) * perGroup);
      });
      return object;
    },

    dispose() {
      tf.dispose(weights);
      weights = {};
      forward.dispose();
    },
  };
}
