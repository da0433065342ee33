import { RandomSequence, RandomStream } from '@ptychofleet/base';
import { channelsOf, type ModelSpec } from '@ptychofleet/config';
import type { ScanTensors } from './scan-tensors.ts';

/**
 * A scan of noise-like patterns under a speckled Gaussian probe: enough for properties that hold on any data. A smooth probe
 * would leave most of the detector dark, where the predicted counts are float32 rounding and no slope can be measured.
 */
export function syntheticScan(model: ModelSpec, groupCount: number, seed = 7): ScanTensors {
  const { N } = model;
  const C = channelsOf(model);
  const draw = new RandomSequence(new RandomStream(seed, 'synthetic-scan'));
  const centre = N / 2;
  const distance = (pixel: number) => ((pixel % N) - centre) ** 2 + (Math.floor(pixel / N) - centre) ** 2;
  const envelope = (pixel: number) => 20 * Math.exp(-distance(pixel) / 300);
  return {
    N,
    C,
    groupCount,
    modes: 1,
    patterns: Float32Array.from({ length: groupCount * C * N * N }, () => 0.2 + draw.uniform()),
    groups: Int32Array.from({ length: groupCount * C }, (_, i) => i),
    relative: Float32Array.from({ length: groupCount * C * 2 }, () =>
      C === 1 ? 0 : 3 * draw.uniform() - 1.5,
    ),
    probeRe: Float32Array.from({ length: N * N }, (_, pixel) => envelope(pixel) * (2 * draw.uniform() - 1)),
    probeIm: Float32Array.from({ length: N * N }, (_, pixel) => envelope(pixel) * (2 * draw.uniform() - 1)),
    scales: { physics: 20, meanAmplitude: 0.7 },
    lossConstant: Float64Array.from({ length: groupCount * C }, (_, i) => 100 + i),
    // Away from what an untrained network emits, so that no slope is measured across the kink of an absolute value.
    labels: {
      amplitude: Float32Array.from({ length: groupCount * C * N * N }, () => 2 + draw.uniform()),
      phase: Float32Array.from({ length: groupCount * C * N * N }, () => 2 + draw.uniform()),
    },
  };
}
