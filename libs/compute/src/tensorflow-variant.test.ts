import { describe, expect, it } from 'vitest';
import { networkTensors } from '@ptychofleet/model';
import { goldenPath, modelWith, readGolden, relativeError } from './golden.test-support.ts';
import { createKernels } from './kernels.ts';
import { createNetwork } from './network.ts';
import { tensorflow, type Tensor } from './runtime.ts';

/** Layers in the file's order: the encoder, then both decoders side by side, amplitude first (golden README). */
const encoder = [0, 1, 2].flatMap((block) => [1, 2].map((conv) => `encoder.blocks.${block}.conv${conv}`));
const decoderParts = ['blocks.0.conv1', 'blocks.0.conv2', 'blocks.1.conv1', 'blocks.1.conv2', 'conv_up_block.conv1', 'conv_up_block.conv2', 'conv2', 'conv1']; // prettier-ignore
const decoders = decoderParts.flatMap((part) =>
  ['amp', 'phase'].map((head) => `decoder_${head}.${part.startsWith('blocks') ? '' : `${head}.`}${part}`),
);

const names = [...encoder, ...decoders].flatMap((layer) => [`${layer}.weight`, `${layer}.bias`]);

describe.skipIf(goldenPath('cnn_tf') === null)('TensorFlow head against cnn_tf.npz', () => {
  const variant = (gridsize: number) =>
    modelWith({
      gridsize,
      nFiltersScale: 1,
      cbamEncoder: false,
      headVariant: 'tensorflow',
      ampActivation: 'sigmoid',
    });
  const listed = (gridsize: number) =>
    readGolden('cnn_tf').json(`gs${gridsize}_params_json`) as {
      k: number;
      shape: number[];
      fan_in: number;
    }[];

  it.each([1, 2])('has the published layers, gridsize %i', (gridsize) => {
    const published = listed(gridsize).map(({ shape, fan_in }, index) => [names[index], shape, fan_in]);
    const ours = networkTensors(variant(gridsize)).map(({ name, shape, fanIn }) => [name, shape, fanIn]);
    expect(new Set(ours.map((row) => JSON.stringify(row)))).toEqual(
      new Set(published.map((row) => JSON.stringify(row))),
    );
  });

  it('reproduces the central object of single patterns', () => {
    const tf = tensorflow();
    const golden = readGolden('cnn_tf');
    const model = variant(1);
    const { N } = model;
    const weights = new Map<string, Tensor>(
      listed(1).map(({ k, shape, fan_in }, index) => [
        names[index] as string,
        tf.tensor(
          hashFill(
            shape.reduce((a, b) => a * b, 1),
            k,
            fan_in,
          ),
          shape,
        ),
      ]),
    );
    const kernels = createKernels(tf);
    const network = createNetwork(tf, kernels, model);
    // The file's inputs carry the factor 20 that the reference's network divides by again.
    const x = golden.f32('gs1_x_scaled').map((value) => value / 20);
    const { amplitude, phase } = network.forward(
      (name) => weights.get(name) as Tensor,
      tf.tensor4d(x, [2, N, N, 1]),
    );
    const centre = (map: Tensor) =>
      tf.slice(map, [0, N / 4, N / 4, 0], [-1, N / 2, N / 2, -1]).dataSync<'float32'>() as Float32Array;
    const object = golden.complex('gs1_trimmed_obj');
    const parts = [
      [tf.cos(phase), object.re],
      [tf.sin(phase), object.im],
    ] as const;
    for (const [direction, expected] of parts) {
      // One patch at offset zero: the reference divides it by its own count plus 0.001.
      const actual = centre(tf.div(tf.mul(amplitude, direction), 1.001));
      expect(relativeError(actual, centre(tf.tensor(expected, [2, N, N, 1])))).toBeLessThan(1e-5);
    }
    network.dispose();
    kernels.dispose();
  });
});

/** The golden fill in the file's own flat order, (kh, kw, in, out). */
function hashFill(size: number, k: number, fanIn: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => {
    let h = (i + Math.imul(0x9e3779b9, k + 1)) >>> 0;
    h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
    h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
    h = (h ^ (h >>> 16)) >>> 0;
    return ((2 * (h >>> 8)) / 2 ** 24 - 1) * Math.sqrt(1 / fanIn);
  });
}
