import { invalidInput } from '@ptychofleet/base';
import { channelsOf, type ModelSpec } from '@ptychofleet/config';

/** Reduction of the channel gate's hidden layer (model spec §2.4). */
const CBAM_REDUCTION = 16;

/** Side of the feature map between encoder and decoders, pixels, for every N. */
export const BOTTLENECK_SIDE = 8;

/** Width of the head's outer branch and how the decoder's last features are shared out (model spec §2.5). */
export interface HeadPlan {
  /** Channels that the last up-block delivers. */
  readonly features: number;
  /** The first so many of them feed the central convolution. */
  readonly central: number;
  /** The last so many feed the outer branch. */
  readonly outer: number;
  /** Channels inside the outer branch. */
  readonly outerWidth: number;
  /** Channels of the maps. */
  readonly outputs: number;
}

/** Channels that enter and leave the network: a group at once if `objectBig`, else pattern by pattern (model spec §2). */
export function networkChannels(model: ModelSpec): number {
  return model.objectBig ? channelsOf(model) : 1;
}

/** Output channels of the pooling blocks, first to last (model spec §2.3). */
export function encoderChannels(model: ModelSpec): number[] {
  const blocks = Math.log2(model.N / BOTTLENECK_SIDE);
  return Array.from({ length: blocks }, (_, block) => model.nFiltersScale * 2 ** (8 - blocks + block));
}

/** Output channels of the up-sampling blocks, first to last (model spec §2.3). */
export function decoderChannels(model: ModelSpec): number[] {
  const blocks = Math.log2(model.N / BOTTLENECK_SIDE) - 1;
  return Array.from({ length: blocks }, (_, block) => model.nFiltersScale * 2 ** (4 + blocks - block));
}

/** Channels of the bottleneck map, (8, 8, channels). */
export function bottleneckChannels(model: ModelSpec): number {
  return encoderChannels(model).at(-1) as number;
}

/** @throws Fault when the outer branch would leave nothing for the central one. */
export function headPlan(model: ModelSpec): HeadPlan {
  const features = decoderChannels(model).at(-1) as number;
  const outputs = networkChannels(model);
  const torch = model.headVariant === 'torch';
  const outer = torch ? outputs : 4;
  const outerWidth = torch ? features : (model.nFiltersScale * 2048) / model.N;
  if (outer >= features) throw invalidInput('model.gridsize', model.gridsize, `gridsize² < ${features}`);
  return { features, central: features - outer, outer, outerWidth, outputs };
}

/** @throws Fault where integer division would leave the gate's hidden layer empty. */
export function cbamHidden(channels: number): number {
  const hidden = Math.floor(channels / CBAM_REDUCTION);
  if (hidden === 0) {
    const fix = 'raise model.nFiltersScale or switch model.cbamEncoder off';
    throw invalidInput('model.cbamEncoder', true, `at least ${CBAM_REDUCTION} channels in every block`, fix);
  }
  return hidden;
}
