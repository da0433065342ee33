import { RandomSequence, RandomStream } from '@ptychofleet/base';
import { stretched, type ObjectMaps } from './object-maps.ts';

const leafCount = 500;
const kinds = ['circle', 'square', 'rectangle', 'triangle', 'quadrilateral'] as const;

/** Thickness of every leaf, in the unit of the refraction constants. */
const thickness = 3;

/**
 * Overlapping opaque shapes with sharp edges: radii from an r⁻³ law between 3 % and 20 % of the side; absorption
 * β = u^1.5·0.001 (at least 1e-7) and refraction δ = β·max(1, Normal(100, 10)) per shape; amplitude from exp(−3β), phase
 * from −3δ (inference spec §9, `dead_leaves`).
 */
export function deadLeavesObject(side: number, seed: number): ObjectMaps {
  const draws = new RandomSequence(new RandomStream(seed, 'object/dead_leaves'));
  const amplitude = new Float64Array(side * side).fill(1);
  const phase = new Float64Array(side * side);
  for (let leaf = 0; leaf < leafCount; leaf++) {
    const kind = kinds[draws.integer(kinds.length)];
    const radius = powerLawRadius(draws.uniform(), 0.03 * side, 0.2 * side);
    const centre: Point = [draws.uniform() * side, draws.uniform() * side];
    const contains = kind === 'circle' ? disk(centre, radius) : convex(corners(kind, centre, radius, draws));
    const beta = Math.max(1e-7, draws.uniform() ** 1.5 * 0.001);
    const delta = beta * Math.max(1, 100 + 10 * draws.normal());
    const [left, right] = pixelSpan(centre[0], radius, side);
    const [top, bottom] = pixelSpan(centre[1], radius, side);
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        if (!contains(column, row)) continue;
        amplitude[row * side + column] = Math.exp(-thickness * beta);
        phase[row * side + column] = -thickness * delta;
      }
    }
  }
  return { amplitude: stretched(amplitude), phase: stretched(phase) };
}

/** (x, y), pixels. */
type Point = readonly [number, number];

/** Inverse of the cumulative distribution of a density ∝ r⁻³ on [min, max]. */
export function powerLawRadius(u: number, min: number, max: number): number {
  return 1 / Math.sqrt(min ** -2 - u * (min ** -2 - max ** -2));
}

function pixelSpan(centre: number, radius: number, side: number): [number, number] {
  return [Math.max(0, Math.floor(centre - radius)), Math.min(side - 1, Math.ceil(centre + radius))];
}

function disk([x, y]: Point, radius: number): (column: number, row: number) => boolean {
  return (column, row) => (column - x) ** 2 + (row - y) ** 2 <= radius * radius;
}

/** Corners on a circle around the centre, in order of angle, so that the shape is convex. */
function corners(
  kind: (typeof kinds)[number],
  [x, y]: Point,
  radius: number,
  draws: RandomSequence,
): Point[] {
  const turn = draws.uniform() * 2 * Math.PI;
  const spread = draws.uniform();
  return cornerAngles(kind, spread, draws).map((angle) => [
    x + radius * Math.cos(turn + angle),
    y + radius * Math.sin(turn + angle),
  ]);
}

function cornerAngles(kind: (typeof kinds)[number], spread: number, draws: RandomSequence): number[] {
  const quarter = Math.PI / 2;
  if (kind === 'triangle') return [0, (2 * Math.PI) / 3, (4 * Math.PI) / 3];
  if (kind === 'quadrilateral') return [0, 1, 2, 3].map((i) => (i + 0.8 * draws.uniform()) * quarter);
  // A rectangle's diagonals cross at an angle; at a right angle it is a square.
  const half = kind === 'square' ? quarter / 2 : (0.15 + 0.3 * spread) * quarter;
  return [half, Math.PI - half, Math.PI + half, 2 * Math.PI - half];
}

function convex(points: readonly Point[]): (column: number, row: number) => boolean {
  return (column, row) =>
    points.every(([x, y], i) => {
      const [nextX, nextY] = points[(i + 1) % points.length];
      return (nextX - x) * (row - y) - (nextY - y) * (column - x) >= 0;
    });
}
