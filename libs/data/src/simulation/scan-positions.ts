import { RandomSequence, RandomStream } from '@ptychofleet/base';
import type { ScanSpec } from './simulation-spec.ts';

/** Positions inside [margin, side − margin] along both axes, object pixels. */
export function scanPositions(spec: ScanSpec, side: number): { x: Float64Array; y: Float64Array } {
  const x = new Float64Array(spec.count);
  const y = new Float64Array(spec.count);
  const low = spec.margin;
  const span = side - 2 * spec.margin;
  const draws = new RandomSequence(new RandomStream(spec.seed, `scan/${spec.kind}`));
  for (let i = 0; i < spec.count; i++) {
    const [u, v] = unitPosition(spec, i, draws);
    x[i] = low + span * Math.min(1, Math.max(0, u));
    y[i] = low + span * Math.min(1, Math.max(0, v));
  }
  return { x, y };
}

/** Point i of the scan in the unit square. */
function unitPosition(spec: ScanSpec, i: number, draws: RandomSequence): [number, number] {
  const columns = Math.ceil(Math.sqrt(spec.count));
  const rows = Math.ceil(spec.count / columns);
  switch (spec.kind) {
    case 'random':
      return [draws.uniform(), draws.uniform()];
    case 'spiral': {
      // Fermat's spiral with the golden angle: equal area per point inside the inscribed circle.
      const radius = 0.5 * Math.sqrt((i + 0.5) / spec.count);
      const angle = i * Math.PI * (3 - Math.sqrt(5));
      return [0.5 + radius * Math.cos(angle), 0.5 + radius * Math.sin(angle)];
    }
    case 'raster':
      return [lattice(i % columns, columns), lattice(Math.floor(i / columns), rows)];
    case 'jittered': {
      const shift = (count: number): number =>
        (spec.jitter * (2 * draws.uniform() - 1)) / Math.max(1, count - 1);
      const u = lattice(i % columns, columns) + shift(columns);
      return [u, lattice(Math.floor(i / columns), rows) + shift(rows)];
    }
  }
}

function lattice(i: number, count: number): number {
  return count === 1 ? 0.5 : i / (count - 1);
}
