import type { NamedTensorMap, Tensor4D, TensorContainer } from '@tensorflow/tfjs-core';
import { assert } from '@ptychofleet/base';
import type { LossSpec, ModelSpec } from '@ptychofleet/config';
import { networkTensors } from '@ptychofleet/model';
import { layoutOf, type ParameterLayout } from '@ptychofleet/params';
import { batchTensors, gather, inputTensor, otherGroups, type HostBatch, type MicroBatch } from './batch.ts';
import { createForwardModel } from './forward.ts';
import { complexParts, type Weights } from './network.ts';
import { tensorflow, type Tensor } from './runtime.ts';
import type { ScanTensors } from './scan-tensors.ts';
import { TracedFunctions, type Call } from './trace/traced-function.ts';

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
  /** The slab is lent: tensors may read it late or share its memory, so it must not change until another one is set. */
  setWeights(slab: Float32Array): void;
  gradient(batch: MicroBatch): GradientResult;
  loss(batch: MicroBatch): LossResult;
  /** The object in the units that the physics takes, (b, C, m, m, 2) real and imaginary, cut to the central `cropSide` = m pixels; padding rows are 0. */
  predict(batch: MicroBatch, cropSide: number): Float32Array;
  dispose(): void;
}

export interface EngineOptions {
  /**
   * `graph` (the default): after a few calls a function runs as one TensorFlow graph, where that gives the same
   * bytes. `eager`: always operation by operation.
   */
  readonly execution?: 'graph' | 'eager';
  /** Calls of a function before a graph is tried. */
  readonly callsBeforeGraph?: number;
  /** Told in one sentence what a user of the logs should know. */
  readonly note?: (text: string) => void;
}

/** @throws Fault when scan and model disagree, or TensorFlow is not in place. */
export function createEngine(
  model: ModelSpec,
  loss: LossSpec,
  scan: ScanTensors,
  { execution = 'graph', note = () => {}, callsBeforeGraph }: EngineOptions = {},
): Engine {
  const tf = tensorflow();
  const layout = layoutOf(networkTensors(model));
  const { N, C } = scan;
  const forward = createForwardModel(tf, model, loss, scan);
  const traced = new TracedFunctions(tf, note, callsBeforeGraph);
  let weights: NamedTensorMap = {};
  const requireWeights = (): NamedTensorMap => {
    assert(Object.keys(weights).length > 0, 'call setWeights first');
    return weights;
  };
  const lookUp =
    (named: NamedTensorMap): Weights =>
    (name) => {
      const tensor = named[name];
      assert(tensor !== undefined, `no weight named ${name}`);
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

  /** Runs a function of (weights, host batch) that is one graph after a few calls. */
  const run = (
    name: string,
    host: HostBatch,
    batch: MicroBatch,
    define: (weights: NamedTensorMap, host: HostBatch) => Call,
  ): Tensor[] => {
    const call = define(requireWeights(), host);
    if (execution === 'eager') return call.compute();
    // Other values of everything that must be an input: weights, groups, padding.
    const other = () => {
      const moved = Object.entries(weights).map(([name, tensor]) => [
        name,
        tf.tidy(() => tf.add(tf.mul(tensor, 0.5), 0.01)),
      ]);
      return define(
        Object.fromEntries(moved) as NamedTensorMap,
        gather(scan, otherGroups(batch, scan.groupCount)),
      );
    };
    return traced.run(name, call, other);
  };

  const inputsOf = (...containers: (TensorContainer | object)[]) =>
    tf.tensor_util.getTensorsInContainer(containers as TensorContainer);

  /** Loss per pattern (b·C), then the gradient as one slab. */
  const gradientCall = (weights: NamedTensorMap, host: HostBatch): Call => {
    const tensors = batchTensors(tf, scan, forward.reassembly, host);
    const share = tf.tensor1d(
      Float32Array.from(host.members, (_, place) =>
        host.real[Math.floor(place / C)] === 1 ? 1 / normaliser : 0,
      ),
    );
    const weightOf = lookUp(weights);
    const compute = () => {
      const targets = layout.tensors.map(({ name }) => weightOf(name));
      const { value, grads } = tf.engine().gradients(() => forward.losses(weightOf, tensors), targets, share);
      const parts = layout.tensors.map(({ size }, i) => {
        // A tensor that the loss does not reach (outer branch with probeBig false) has no gradient: zeros.
        const grad = grads[i] as Tensor | undefined | null;
        return grad ? tf.reshape(grad, [size]) : tf.zeros([size]);
      });
      return [value, tf.concat(parts)];
    };
    return { inputs: inputsOf(weights, tensors, share), compute };
  };

  const lossCall = (weights: NamedTensorMap, host: HostBatch): Call => {
    const tensors = batchTensors(tf, scan, forward.reassembly, host);
    const compute = () => [forward.losses(lookUp(weights), tensors)];
    return { inputs: inputsOf(weights, tensors), compute };
  };

  /** (b, Cout, m, m, 2) */
  const predictionCall = (weights: NamedTensorMap, host: HostBatch, cropSide: number): Call => {
    const input = inputTensor(tf, host.amplitudes, N, C, forward.reassembly !== null);
    const start = (N - cropSide) / 2;
    const compute = () => {
      const maps = forward.physicalMaps(lookUp(weights), input);
      const cut = (map: Tensor4D) => tf.slice4d(map, [0, start, start, 0], [-1, cropSide, cropSide, -1]);
      const central = { amplitude: cut(maps.amplitude), phase: cut(maps.phase) };
      const parts = tf.stack(complexParts(tf, central), 4); // (b, m, m, Cout, 2)
      return [tf.transpose(parts, [0, 3, 1, 2, 4])];
    };
    return { inputs: inputsOf(weights, input), compute };
  };

  /** Runs `body`, keeps none of its tensors, and brings its results to the host. */
  const values = (body: () => Tensor[]): Float32Array[] => {
    const results: Float32Array[] = [];
    // Not as the result of `tidy`, which would search every number of it for tensors.
    tf.tidy(() => {
      for (const tensor of body()) results.push(tensor.dataSync<'float32'>() as Float32Array);
    });
    return results;
  };

  return {
    layout,

    setWeights(slab) {
      assert(slab.length === layout.size, `slab has ${slab.length} floats, layout ${layout.size}`);
      tf.dispose(weights);
      weights = Object.fromEntries(
        layout.tensors.map(({ name, shape, offset, size }) => [
          name,
          tf.tensor(slab.subarray(offset, offset + size), [...shape], 'float32'),
        ]),
      );
    },

    gradient(batch) {
      const host = gather(scan, batch);
      const [perPattern, gradient] = values(() => run('gradient', host, batch, gradientCall));
      assert(perPattern !== undefined && gradient !== undefined, 'loss and gradient');
      return { lossSum: lossSum(perPattern, host), groupCount: host.groupCount, gradient };
    },

    loss(batch) {
      const host = gather(scan, batch);
      const [perPattern] = values(() => run('loss', host, batch, lossCall));
      assert(perPattern !== undefined, 'loss');
      return { lossSum: lossSum(perPattern, host), groupCount: host.groupCount };
    },

    predict(batch, cropSide) {
      assert(cropSide > 0 && cropSide <= N && (N - cropSide) % 2 === 0, `crop side ${cropSide} of ${N}`);
      const host = gather(scan, batch);
      const define = (weights: NamedTensorMap, host: HostBatch) => predictionCall(weights, host, cropSide);
      const [object] = values(() => run(`prediction of side ${cropSide}`, host, batch, define));
      assert(object !== undefined, 'object');
      const perGroup = C * cropSide * cropSide * 2;
      host.real.forEach((real, row) => {
        if (real === 0) object.fill(0, row * perGroup, (row + 1) * perGroup);
      });
      return object;
    },

    dispose() {
      tf.dispose(weights);
      weights = {};
      traced.dispose();
      forward.dispose();
    },
  };
}
