import { modelSpecSchema } from '@ptychofleet/config';
import { layoutOf, type TensorSpec } from '@ptychofleet/params';
import { legacySnapshot, type Bundle } from './index.ts';

const tensor = (name: string, shape: readonly number[]): TensorSpec => ({
  name,
  shape,
  fanIn: 9,
  fanOut: 9,
  role: name.endsWith('bias') ? 'bias' : 'kernel',
});

/** A network in miniature, named as the real one is. */
export const smallTensors: readonly TensorSpec[] = [
  tensor('encoder.blocks.0.conv1.weight', [3, 3, 1, 4]),
  tensor('encoder.blocks.0.conv1.bias', [4]),
  tensor('encoder.blocks.0.attention.ChannelGate.mlp.1.weight', [4, 2]),
  tensor('decoder_amp.amp.conv2.weight', [3, 3, 4, 1]),
];

export function bundleOf(
  tensors: readonly TensorSpec[] = smallTensors,
  fill = (i: number) => Math.sin(i + 1),
): Bundle {
  const layout = layoutOf(tensors);
  const model = modelSpecSchema.parse({ gridsize: 2, nFiltersScale: 1 });
  return {
    model,
    layout,
    weights: Float32Array.from({ length: layout.size }, (_, i) => fill(i)),
    params: legacySnapshot({ ...model, batchSize: 16, trainDataFile: '/home/someone/scan.npz' }, 988.2),
    scaling: { ci_statistics: { rms_input_scale: [1.5], mean_measured_intensity: [2.5] }, amplitude: 0.25 },
    provenance: { seed: 7, overrides_applied: [{ field: 'batchSize', level: 'cli', value: 16 }] },
  };
}
