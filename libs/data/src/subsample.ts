import { RandomSequence, RandomStream } from '@ptychofleet/base';
import type { ScanDataset } from './scan.ts';

/**
 * Part of a scan: `count` patterns drawn without replacement and kept in file order (data spec §4). The whole scan when
 * `count` is null or not below n.
 */
export function subsampleScan(scan: ScanDataset, count: number | null, seed: number): ScanDataset {
  if (count === null || count >= scan.n) return scan;
  const draws = new RandomSequence(new RandomStream(seed, 'subsample'));
  const kept = draws.sample(count, scan.n).sort();
  const area = scan.N * scan.N;
  const frames = (stack: Float32Array): Float32Array => {
    const result = new Float32Array(count * area);
    kept.forEach((pattern, i) => result.set(stack.subarray(pattern * area, (pattern + 1) * area), i * area));
    return result;
  };
  const pick = (values: Float64Array): Float64Array => Float64Array.from(kept, (pattern) => values[pattern]);
  const { labels } = scan;
  return {
    ...scan,
    n: count,
    diffraction: frames(scan.diffraction),
    x: pick(scan.x),
    y: pick(scan.y),
    ...(labels && {
      labels: { ...labels, amplitude: frames(labels.amplitude), phase: frames(labels.phase) },
    }),
  };
}
