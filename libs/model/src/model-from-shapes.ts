import { invalidInput } from '@ptychofleet/base';
import type { ModelSpec } from '@ptychofleet/config';
import { kerasLayers, type ExchangeLayout } from './exchange-layout.ts';
import { BOTTLENECK_SIDE } from './plan.ts';
import { LOG_SCALE } from './tensors.ts';

/** What names and shapes of the weights tell of a model; activations and scales leave no trace in them. */
export type InferredModel = Pick<
  ModelSpec,
  | 'N'
  | 'nFiltersScale'
  | 'gridsize'
  | 'objectBig'
  | 'cbamEncoder'
  | 'cbamBottleneck'
  | 'headVariant'
  | 'intensityScaleTrainable'
>;

type Shapes = ReadonlyMap<string, readonly number[]>;

/** Pooling blocks of the networks for N = 64, 128 and 256 (model spec §2.3). */
const blocksMin = 3;
const blocksMax = 5;
const check = 'check that the file is in the layout that was named';

/**
 * The model that weights in a back end's layout belong to. One input channel is taken as gridsize 1; a network that
 * sees the patterns of larger groups one by one has the same weights.
 * @param shapes of the tensors, by their names in the layout.
 * @throws Fault naming the tensor from which no model follows; whether all others fit is left to the comparison.
 */
export function modelFromShapes(shapes: Shapes, layout: ExchangeLayout): InferredModel {
  const blocks = layout === 'torch' ? torchBlocks(shapes) : kerasBlocks(shapes);
  const kernel = kernelReader(shapes, layout, blocks);
  const first = kernel('encoder.blocks.0.conv1');
  const gridsize = Math.sqrt(first.inputs);
  if (![1, 2, 3].includes(gridsize)) {
    throw invalidInput(first.name, `${first.inputs} input channels`, 'gridsize², so 1, 4 or 9');
  }
  const widthOne = 2 ** (8 - blocks);
  const nFiltersScale = first.outputs / widthOne;
  if (!Number.isInteger(nFiltersScale) || nFiltersScale < 1) {
    const expected = `a multiple of ${widthOne}, as ${blocks} encoder blocks have`;
    throw invalidInput(first.name, `${first.outputs} output channels`, expected);
  }
  const N = (BOTTLENECK_SIDE * 2 ** blocks) as ModelSpec['N'];
  const outer = kernel('decoder_amp.amp.conv_up_block.conv1');
  // For gridsize 2 and N = 64 the two variants are one and the same network.
  const torch = outer.inputs === first.inputs && outer.outputs === 32 * nFiltersScale;
  const tensorflow = outer.inputs === 4 && outer.outputs === (nFiltersScale * 2048) / N;
  const names = [...shapes.keys()];
  return {
    N,
    nFiltersScale,
    gridsize,
    objectBig: gridsize > 1,
    cbamEncoder: names.some((name) => /^encoder\.blocks\.\d+\.attention\./.test(name)),
    cbamBottleneck: names.some((name) => name.startsWith('bottleneck_cbam.')),
    headVariant: tensorflow && !torch ? 'tensorflow' : 'torch',
    intensityScaleTrainable: shapes.has(LOG_SCALE),
  };
}

function torchBlocks(shapes: Shapes): number {
  let blocks = 0;
  while (shapes.has(`encoder.blocks.${blocks}.conv1.weight`)) blocks++;
  if (blocks >= blocksMin && blocks <= blocksMax) return blocks;
  const name = `encoder.blocks.${blocks}.conv1.weight`;
  throw invalidInput(
    name,
    `${blocks} encoder blocks before it`,
    '3, 4 or 5 blocks, for N = 64, 128 or 256',
    check,
  );
}

function kerasBlocks(shapes: Shapes): number {
  const kernels = [...shapes.keys()].filter((name) => name.endsWith('/kernel')).length;
  const countOf = (blocks: number): number => kerasLayers(blocks, blocks - 1).length;
  for (let blocks = blocksMin; blocks <= blocksMax; blocks++) if (countOf(blocks) === kernels) return blocks;
  const counts = [3, 4, 5].map(countOf);
  throw invalidInput('*/kernel', `${kernels} kernels`, `${counts.join(', ')} for N = 64, 128 or 256`, check);
}

interface Kernel {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
}

/** Reads the channels of a convolution that we name `layer`. */
function kernelReader(shapes: Shapes, layout: ExchangeLayout, blocks: number): (layer: string) => Kernel {
  const keras = new Map(kerasLayers(blocks, blocks - 1).map((layer) => [layer.ours, layer.keras]));
  return (layer) => {
    const name = layout === 'torch' ? `${layer}.weight` : `${keras.get(layer)}/kernel`;
    const shape = shapes.get(name);
    const order = layout === 'torch' ? '(out, in, height, width)' : '(height, width, in, out)';
    if (shape?.length !== 4) {
      throw invalidInput(
        name,
        shape === undefined ? 'nothing' : `shape (${shape.join(', ')})`,
        `shape ${order}`,
      );
    }
    const [inputs, outputs] = layout === 'torch' ? [shape[1], shape[0]] : [shape[2], shape[3]];
    return { name, inputs: inputs as number, outputs: outputs as number };
  };
}
