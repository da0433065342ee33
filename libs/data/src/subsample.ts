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
  const diffraction = new Float32Array(count * area);
  kept.forEach((pattern, i) => {
    diffraction.set(scan.diffraction.subarray(pattern * area, (pattern + 1) * area), i * area);
  });
  const pick = (values: Float64Array): Float64Array => Float64Array.from(kept, (pattern) => values[pattern]);
  return { ...scan, n: count, diffraction, x: pick(scan.x), y: pick(scan.y) };
}
