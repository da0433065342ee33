import { Fault } from '@ptychofleet/base';
import type { ModelSpec } from '@ptychofleet/config';
import type { TensorSpec } from '@ptychofleet/params';
import { decoderChannels, encoderChannels } from './plan.ts';
import { fromReference, referenceShape, toReference } from './reference-layout.ts';
import { LOG_SCALE, networkTensors } from './tensors.ts';

/** In what names, order and shapes weights go to and come from the reference's two back ends (docs/weights.md). */
export const exchangeLayouts = ['torch', 'keras'] as const;

export type ExchangeLayout = (typeof exchangeLayouts)[number];

/** One parameter as a file in that layout holds it. */
export interface ExchangeTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** The parameter in our own layout. */
  readonly tensor: TensorSpec;
}

/**
 * All parameters of a model, in the order of the layout: `torch` is the order of the reference's state (golden
 * `params_json`), `keras` the order of its TensorFlow weights (golden README, cnn_tf).
 * @throws Fault when the model has parts that the layout cannot hold.
 */
export function exchangeTensors(model: ModelSpec, layout: ExchangeLayout): ExchangeTensor[] {
  const tensors = networkTensors(model);
  if (layout === 'torch') {
    return tensors.map((tensor) => ({ name: tensor.name, shape: referenceShape(tensor), tensor }));
  }
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const listed = kerasLayers(encoderChannels(model).length, decoderChannels(model).length).flatMap(
    ({ keras, ours }) => [
      { name: `${keras}/kernel`, ours: `${ours}.weight` },
      { name: `${keras}/bias`, ours: `${ours}.bias` },
    ],
  );
  // The TensorFlow back end keeps its scale outside the layers, and in other units; ours travels under its own name.
  if (byName.has(LOG_SCALE)) listed.push({ name: LOG_SCALE, ours: LOG_SCALE });
  const known = new Set(listed.map(({ ours }) => ours));
  const homeless = tensors.find(({ name }) => !known.has(name));
  if (homeless !== undefined) throw withoutCounterpart(homeless);
  return listed.map(({ name, ours }) => {
    const tensor = byName.get(ours) as TensorSpec;
    return { name, shape: tensor.shape, tensor };
  });
}

/** Values in our order → a new array in the row-major order of the layout. */
export function toExchange(layout: ExchangeLayout, tensor: TensorSpec, values: Float32Array): Float32Array {
  return layout === 'torch' ? toReference(tensor, values) : values.slice();
}

/** Values in the row-major order of the layout → a new array in our order. */
export function fromExchange(layout: ExchangeLayout, tensor: TensorSpec, values: Float32Array): Float32Array {
  return layout === 'torch' ? fromReference(tensor, values) : values.slice();
}

/** A convolution under its Keras name, such as `conv2d_6`, and under ours, such as `decoder_amp.amp.conv1`. */
interface KerasLayer {
  readonly keras: string;
  readonly ours: string;
}

/**
 * Keras numbers layers as they are made (a decoder makes its two head convolutions first) and lists weights as the
 * graph is walked (both decoders side by side, the head convolutions last).
 */
export function kerasLayers(encoderBlocks: number, decoderBlocks: number): KerasLayer[] {
  const pairs = (prefix: string, blocks: number): string[] =>
    Array.from({ length: blocks }, (_, block) =>
      [1, 2].map((conv) => `${prefix}.${block}.conv${conv}`),
    ).flat();
  const encoder = pairs('encoder.blocks', encoderBlocks);
  const decoders = ['amp', 'phase'].map((head) => {
    const [central, outer] = [1, 2].map((conv) => `decoder_${head}.${head}.conv${conv}`) as [string, string];
    const body = [
      ...pairs(`decoder_${head}.blocks`, decoderBlocks),
      ...[1, 2].map((conv) => `decoder_${head}.${head}.conv_up_block.conv${conv}`),
    ];
    return { made: [central, outer, ...body], listed: [...body, outer, central] };
  });
  const made = [...encoder, ...decoders.flatMap((decoder) => decoder.made)];
  const numberOf = new Map(made.map((ours, index) => [ours, index]));
  const sideBySide = (decoders[0]?.listed ?? []).flatMap((_, at) =>
    decoders.map(({ listed }) => listed[at] as string),
  );
  return [...encoder, ...sideBySide].map((ours) => {
    const number = numberOf.get(ours) as number;
    return { keras: number === 0 ? 'conv2d' : `conv2d_${number}`, ours };
  });
}

function withoutCounterpart({ name }: TensorSpec): Fault {
  return new Fault(
    'unsupported',
    `${name}: the keras layout has no attention blocks, expected a model without them; use the layout torch`,
    { field: name, expected: 'cbamEncoder and cbamBottleneck off' },
  );
}
