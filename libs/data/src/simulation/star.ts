import { RandomSequence, RandomStream } from '@ptychofleet/base';
import type { ObjectMaps } from './object-maps.ts';

const spokeCount = 36;

/** Edges are softened by averaging this many samples along each axis of a pixel. */
const oversampling = 4;

/**
 * A test chart: a Siemens star broken by rings inside a rim, and four simple shapes in the corners. The star shows in
 * both maps; every corner shape has a thickness of its own in the phase map. The seed turns the star and deals the
 * shapes. All lengths are fractions of the side.
 */
export function starObject(side: number, seed: number): ObjectMaps {
  const draws = new RandomSequence(new RandomStream(seed, 'object/star'));
  const turn = draws.uniform() * 2 * Math.PI;
  const order = draws.sample(shapes.length, shapes.length);
  const amplitude = new Float64Array(side * side);
  const phase = new Float64Array(side * side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      let absorber = 0;
      let thickness = 0;
      for (let sample = 0; sample < oversampling * oversampling; sample++) {
        const x = (column + ((sample % oversampling) + 0.5) / oversampling) / side - 0.5;
        const y = (row + (Math.floor(sample / oversampling) + 0.5) / oversampling) / side - 0.5;
        const corner = order[(x > 0 ? 1 : 0) + (y > 0 ? 2 : 0)];
        const inShape = shapes[corner](Math.abs(x) - 0.28, Math.abs(y) - 0.28);
        const inStar = isStar(Math.hypot(x, y), Math.atan2(y, x) + turn);
        absorber += inStar || inShape ? 1 : 0;
        thickness += inStar ? 1 : inShape ? 0.4 + 0.2 * corner : 0;
      }
      const samples = oversampling * oversampling;
      amplitude[row * side + column] = 1 - absorber / samples;
      phase[row * side + column] = thickness / samples;
    }
  }
  return { amplitude, phase };
}

function isStar(radius: number, angle: number): boolean {
  if (radius > 0.285) return radius < 0.305;
  const inGap = [0.09, 0.165, 0.24].some((gap) => Math.abs(radius - gap) < 0.008);
  return radius < 0.012 || (radius > 0.02 && !inGap && Math.sin(spokeCount * angle) > 0);
}

/** Tests for a point relative to the middle of its corner. */
const shapes: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => Math.hypot(x, y) < 0.07,
  (x, y) => Math.hypot(x, y) < 0.07 && Math.hypot(x, y) > 0.035,
  (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.06 && Math.min(Math.abs(x), Math.abs(y)) < 0.02,
  (x, y) => Math.abs(x) + Math.abs(y) < 0.075,
];
