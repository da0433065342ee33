import type { ModelSpec } from '@ptychofleet/config';
import type { TensorSpec } from '@ptychofleet/params';
import {
  bottleneckChannels,
  cbamHidden,
  decoderChannels,
  encoderChannels,
  headPlan,
  networkChannels,
} from './plan.ts';

/** The trainable scalar of the tied input and output scale (model spec §8): x·exp(-d), prediction·exp(d). */
export const LOG_SCALE = 'log_scale';

/** Side of the spatial gate's kernel (model spec §2.4). */
const GATE_SIDE = 7;

/**
 * Every trainable tensor, in the order and under the names of the reference implementation's state
 * (golden `params_json`), with shapes in our run-time layout: convolutions (kh, kw, in, out), linear layers (in, out).
 * The reference's four unused forward-model scalars are left out (training spec §11).
 */
export function networkTensors(model: ModelSpec): TensorSpec[] {
  const tensors: TensorSpec[] = [];
  let channels = networkChannels(model);
  encoderChannels(model).forEach((outputs, block) => {
    tensors.push(...convolutionPair(`encoder.blocks.${block}`, channels, outputs));
    if (model.cbamEncoder) tensors.push(...cbam(`encoder.blocks.${block}.attention`, outputs));
    channels = outputs;
  });
  if (model.cbamBottleneck) tensors.push(...cbam('bottleneck_cbam', channels));
  for (const head of ['amp', 'phase']) tensors.push(...decoder(model, head));
  if (model.intensityScaleTrainable) {
    tensors.push({ name: LOG_SCALE, shape: [], fanIn: 1, fanOut: 1, role: 'scalar' });
  }
  return tensors;
}

function decoder(model: ModelSpec, head: string): TensorSpec[] {
  const tensors: TensorSpec[] = [];
  let channels = bottleneckChannels(model);
  decoderChannels(model).forEach((outputs, block) => {
    tensors.push(...convolutionPair(`decoder_${head}.blocks.${block}`, channels, outputs));
    channels = outputs;
  });
  const plan = headPlan(model);
  const prefix = `decoder_${head}.${head}`;
  return [
    ...tensors,
    ...convolution(`${prefix}.conv1`, plan.central, plan.outputs),
    ...convolutionPair(`${prefix}.conv_up_block`, plan.outer, plan.outerWidth),
    ...convolution(`${prefix}.conv2`, plan.outerWidth, plan.outputs),
  ];
}

function convolutionPair(prefix: string, inputs: number, outputs: number): TensorSpec[] {
  return [
    ...convolution(`${prefix}.conv1`, inputs, outputs),
    ...convolution(`${prefix}.conv2`, outputs, outputs),
  ];
}

function cbam(prefix: string, channels: number): TensorSpec[] {
  const hidden = cbamHidden(channels);
  const [gate] = convolution(`${prefix}.SpatialGate.compress`, 2, 1, GATE_SIDE);
  return [
    ...linear(`${prefix}.ChannelGate.mlp.1`, channels, hidden),
    ...linear(`${prefix}.ChannelGate.mlp.3`, hidden, channels),
    gate,
  ];
}

function convolution(name: string, inputs: number, outputs: number, side = 3): [TensorSpec, TensorSpec] {
  return layer(name, [side, side, inputs, outputs], inputs * side * side, outputs * side * side);
}

function linear(name: string, inputs: number, outputs: number): [TensorSpec, TensorSpec] {
  return layer(name, [inputs, outputs], inputs, outputs);
}

function layer(name: string, shape: number[], fanIn: number, fanOut: number): [TensorSpec, TensorSpec] {
  return [
    { name: `${name}.weight`, shape, fanIn, fanOut, role: 'kernel' },
    { name: `${name}.bias`, shape: shape.slice(-1), fanIn, fanOut, role: 'bias' },
  ];
}
