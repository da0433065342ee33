import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { Kernels } from './kernels.ts';
import type { Weights } from './network.ts';
import type { Tensor, TensorFlow } from './runtime.ts';

/**
 * CBAM: a gate per channel, then a gate per pixel (model spec §2.4). features F (B, H, W, G) → (B, H, W, G)
 *
 * One operation with a gradient of its own: composed by the tape it needs twice the passes over maps as large as F, and
 * arrays of ones made on the host for every mean.
 */
export function attend(
  tf: TensorFlow,
  kernels: Kernels,
  weights: Weights,
  prefix: string,
  features: Tensor4D,
): Tensor4D {
  const [batch, height, width, channels] = features.shape;
  const gate = `${prefix}.ChannelGate.mlp`;
  const inputs = [
    features,
    weights(`${gate}.1.weight`),
    weights(`${gate}.1.bias`),
    weights(`${gate}.3.weight`),
    weights(`${gate}.3.bias`),
    weights(`${prefix}.SpatialGate.compress.weight`),
  ];

  const layer = tf.customGrad((...args) => {
    const [F, w1, b1, w2, b2, filter] = args as unknown as Parameters;
    const save = args.at(-1) as unknown as (tensors: Tensor[]) => void;
    const mean = tf.mean(F, [1, 2]); // (B, G)
    const highest = kernels.maxOverSpace(F); // (B, 1, 1, G)
    const pooled = tf.concat([mean, tf.reshape(highest, [batch, channels])], 0) as Tensor2D; // (2B, G)
    const hidden = tf.relu(tf.add(tf.matMul(pooled, w1), b1)) as Tensor2D; // (2B, G/16)
    const scores = tf.reshape(tf.add(tf.matMul(hidden, w2), b2), [2, batch, 1, 1, channels]);
    const channelGate = tf.sigmoid(tf.sum(scores, 0)) as Tensor4D; // (B, 1, 1, G)
    const gated = tf.mul(F, channelGate) as Tensor4D;
    const summary = tf.concat([tf.max(gated, 3, true), tf.mean(gated, 3, true)], 3) as Tensor4D; // (B, H, W, 2)
    const pixelGate = tf.sigmoid(kernels.convolveOnly(summary, filter)); // (B, H, W, 1)
    save([F, w1, w2, filter, highest, pooled, hidden, channelGate, gated, summary, pixelGate]);
    return { value: tf.mul(gated, pixelGate), gradFunc: gradient };
  });

  const gradient = (dy: Tensor, saved: Tensor[]): Tensor[] => {
    const [F, w1, w2, filter, highest, pooled, hidden, channelGate, gated, summary, pixelGate] =
      saved as unknown as Saved;
    // Gate per pixel.
    const dPixelScore = kernels.sigmoidGradient(tf.sum(tf.mul(dy, gated), 3, true), pixelGate);
    const dFilter = kernels.filterGradient(summary, filter, dPixelScore);
    const [dMax, dSum] = tf.split(kernels.inputGradient(summary, filter, dPixelScore), 2, 3) as [
      Tensor,
      Tensor,
    ];
    const dMean = tf.div(dSum, channels);
    const peak = tf.equal(gated, tf.slice4d(summary, [0, 0, 0, 0], [-1, -1, -1, 1]));
    const dGated = tf.add(tf.mul(dy, pixelGate), tf.where(peak, tf.add(dMax, dMean), dMean));
    // Gate per channel: both poolings pass the same perceptron.
    const dScore = kernels.sigmoidGradient(tf.sum(tf.mul(dGated, F), [1, 2], true), channelGate);
    const dScores = tf.tile(tf.reshape(dScore, [batch, channels]), [2, 1]) as Tensor2D;
    const dHidden = kernels.reluGradient(tf.matMul(dScores, w2, false, true), hidden) as Tensor2D;
    const dPooled = tf.reshape(tf.matMul(dHidden, w1, false, true), [2, batch, 1, 1, channels]);
    const [dAverage, dHighest] = tf.unstack(dPooled, 0) as [Tensor, Tensor];
    const smooth = tf.add(tf.mul(dGated, channelGate), tf.div(dAverage, height * width));
    return [
      tf.add(smooth, kernels.maxOverSpaceGradient(dHighest, F, highest)),
      tf.matMul(pooled, dHidden, true, false),
      tf.sum(dHidden, 0),
      tf.matMul(hidden, dScores, true, false),
      tf.sum(dScores, 0),
      dFilter,
    ];
  };
  return layer(...inputs) as Tensor4D;
}

type Parameters = [F: Tensor4D, w1: Tensor2D, b1: Tensor, w2: Tensor2D, b2: Tensor, filter: Tensor4D];
type Saved = [
  F: Tensor4D,
  w1: Tensor2D,
  w2: Tensor2D,
  filter: Tensor4D,
  highest: Tensor4D,
  pooled: Tensor2D,
  hidden: Tensor2D,
  channelGate: Tensor4D,
  gated: Tensor4D,
  summary: Tensor4D,
  pixelGate: Tensor4D,
];
