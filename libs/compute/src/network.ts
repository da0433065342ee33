import type { Tensor4D } from '@tensorflow/tfjs-core';
import { unreachable } from '@ptychofleet/base';
import type { ModelSpec } from '@ptychofleet/config';
import { decoderChannels, encoderChannels, headPlan } from '@ptychofleet/model';
import { attend } from './attention.ts';
import type { Kernels } from './kernels.ts';
import type { Tensor, TensorFlow } from './runtime.ts';

/** A trainable tensor by its name in the layout. */
export type Weights = (name: string) => Tensor;

/** The two maps of the network, (B, N, N, Cout) each: amplitude (any sign) and phase, radians. */
export interface ObjectMaps {
  readonly amplitude: Tensor4D;
  readonly phase: Tensor4D;
}

/** Real and imaginary part of amplitude·exp(i·phase), each in the shape of the maps (model spec §5). */
export function complexParts(tf: TensorFlow, { amplitude, phase }: ObjectMaps): [Tensor4D, Tensor4D] {
  return [tf.mul(amplitude, tf.cos(phase)), tf.mul(amplitude, tf.sin(phase))];
}

/** Sees each block's output by name: for tests that compare intermediate features. */
export type Inspect = (name: string, features: Tensor4D) => void;

export interface Network {
  /** x (B, N, N, Cin), amplitudes. */
  forward(weights: Weights, x: Tensor4D, inspect?: Inspect): ObjectMaps;
  dispose(): void;
}

/** Encoder, optional attention, amplitude and phase decoder without skip connections (model spec §2). */
export function createNetwork(tf: TensorFlow, kernels: Kernels, model: ModelSpec): Network {
  const { N } = model;
  const head = headPlan(model);
  const border = tf.tensor4d(borderMask(N), [1, N, N, 1]);

  const layer = (weights: Weights, name: string, x: Tensor4D, relu: boolean, inputGradient = true) =>
    kernels.convolve(x, weights(`${name}.weight`) as Tensor4D, weights(`${name}.bias`), relu, inputGradient);
  const pair = (weights: Weights, prefix: string, x: Tensor4D, inputGradient = true) =>
    layer(weights, `${prefix}.conv2`, layer(weights, `${prefix}.conv1`, x, true, inputGradient), true);
  const swish = (x: Tensor4D) => tf.mul(x, tf.sigmoid(x)) as Tensor4D;

  const amplitudeActivation = (x: Tensor4D): Tensor4D => {
    switch (model.ampActivation) {
      case 'swish':
        return swish(x);
      case 'sigmoid':
        return tf.sigmoid(x);
      case 'softplus':
        return tf.softplus(x);
      case 'relu':
        return kernels.relu(x);
      default:
        return unreachable(model.ampActivation);
    }
  };
  const phaseActivation = (x: Tensor4D): Tensor4D => tf.mul(tf.tanh(x), Math.PI);

  const encode = (weights: Weights, x: Tensor4D, inspect: Inspect): Tensor4D => {
    let features = x;
    encoderChannels(model).forEach((_, block) => {
      const prefix = `encoder.blocks.${block}`;
      // Measured patterns need no gradient, unless a trainable scale multiplies them.
      features = pair(weights, prefix, features, block > 0 || model.intensityScaleTrainable);
      if (model.cbamEncoder) features = attend(tf, kernels, weights, `${prefix}.attention`, features);
      features = kernels.maxPool(features);
      inspect(`enc${block}`, features);
    });
    return model.cbamBottleneck ? attend(tf, kernels, weights, 'bottleneck_cbam', features) : features;
  };

  /** The head of one decoder: y (B, N/2, N/2, features) → (B, N, N, Cout) (model spec §2.5). */
  const finish = (weights: Weights, prefix: string, y: Tensor4D, activation: (x: Tensor4D) => Tensor4D) => {
    const half = N / 2;
    const inner = tf.slice4d(y, [0, 0, 0, 0], [-1, half, half, head.central]);
    const centre = activation(layer(weights, `${prefix}.conv1`, inner, false));
    const padded = tf.pad4d(centre, [[0, 0], [N / 4, N / 4], [N / 4, N / 4], [0, 0]]); // prettier-ignore
    if (!model.probeBig) return padded;
    const outer = tf.slice4d(y, [0, 0, 0, head.central], [-1, half, half, head.outer]);
    const ring = kernels.upsample(pair(weights, `${prefix}.conv_up_block`, outer));
    return tf.add(padded, tf.mul(swish(layer(weights, `${prefix}.conv2`, ring, false)), border)) as Tensor4D;
  };

  const decode = (
    weights: Weights,
    name: 'amp' | 'phase',
    z: Tensor4D,
    activation: (x: Tensor4D) => Tensor4D,
    inspect: Inspect,
  ): Tensor4D => {
    let features = z;
    decoderChannels(model).forEach((_, block) => {
      features = kernels.upsample(pair(weights, `decoder_${name}.blocks.${block}`, features));
      inspect(`decoder_${name}${block}`, features);
    });
    return finish(weights, `decoder_${name}.${name}`, features, activation);
  };

  return {
    forward(weights, x, inspect = () => {}) {
      const z = encode(weights, x, inspect); // (B, 8, 8, 128f)
      inspect('bottleneck', z);
      return {
        amplitude: decode(weights, 'amp', z, amplitudeActivation, inspect),
        phase: decode(weights, 'phase', z, phaseActivation, inspect),
      };
    },
    dispose: () => border.dispose(),
  };
}

/** 0 on rows and columns N/4 … 3N/4-1 together, 1 on the ring around them, (N, N). */
function borderMask(N: number): Float32Array {
  const inside = (i: number) => i >= N / 4 && i < (3 * N) / 4;
  return Float32Array.from({ length: N * N }, (_, at) =>
    inside(Math.floor(at / N)) && inside(at % N) ? 0 : 1,
  );
}
