import { assert } from '@ptychofleet/base';
import type { RealImage } from './complex-image.ts';

/** `offset + slopeX (column - (width-1)/2) + slopeY (row - (height-1)/2)`. */
export interface Plane {
  readonly offset: number;
  readonly slopeX: number;
  readonly slopeY: number;
}

export function planeAt(plane: Plane, frame: { height: number; width: number }, index: number): number {
  const x = (index % frame.width) - (frame.width - 1) / 2;
  const y = Math.floor(index / frame.width) - (frame.height - 1) / 2;
  return plane.offset + plane.slopeX * x + plane.slopeY * y;
}

/**
 * The weighted least-squares plane through an image. Slopes that the weighted pixels do not determine (all on one line)
 * are 0.
 *
 * @param weights (height, width) ≥ 0, not all 0; omitted means all alike.
 */
export function fitPlane(image: RealImage, weights?: ArrayLike<number>): Plane {
  const { height, width, values } = image;
  const x0 = (width - 1) / 2;
  const y0 = (height - 1) / 2;
  let w = 0;
  let wx = 0;
  let wy = 0;
  let wv = 0;
  for (let i = 0; i < values.length; i++) {
    const weight = weights === undefined ? 1 : weights[i];
    w += weight;
    wx += weight * ((i % width) - x0);
    wy += weight * (Math.floor(i / width) - y0);
    wv += weight * values[i];
  }
  assert(w > 0, 'a plane needs a pixel of positive weight');
  const meanX = wx / w;
  const meanY = wy / w;
  const meanV = wv / w;
  // about the weighted mean the constant separates and two equations for the slopes remain
  let xx = 0;
  let xy = 0;
  let yy = 0;
  let xv = 0;
  let yv = 0;
  for (let i = 0; i < values.length; i++) {
    const weight = weights === undefined ? 1 : weights[i];
    const x = (i % width) - x0 - meanX;
    const y = Math.floor(i / width) - y0 - meanY;
    const v = values[i] - meanV;
    xx += weight * x * x;
    xy += weight * x * y;
    yy += weight * y * y;
    xv += weight * x * v;
    yv += weight * y * v;
  }
  const determinant = xx * yy - xy * xy;
  const determined = determinant > 1e-12 * xx * yy;
  const slopeX = determined ? (xv * yy - yv * xy) / determinant : 0;
  const slopeY = determined ? (yv * xx - xv * xy) / determinant : 0;
  return { offset: meanV - slopeX * meanX - slopeY * meanY, slopeX, slopeY };
}

/** The image without its own least-squares plane (`plane`) or its mean (`mean`), taken over `weights`. */
export function withoutTrend(
  image: RealImage,
  trend: 'plane' | 'mean',
  weights?: ArrayLike<number>,
): RealImage {
  const fitted = fitPlane(image, weights);
  const removed = trend === 'plane' ? fitted : { offset: weightedMean(image, weights), slopeX: 0, slopeY: 0 };
  return { ...image, values: Float64Array.from(image.values, (v, i) => v - planeAt(removed, image, i)) };
}

/** The mean of an image over `weights`; NaN when they are all 0. */
export function weightedMean(image: RealImage, weights?: ArrayLike<number>): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < image.values.length; i++) {
    const weight = weights === undefined ? 1 : weights[i];
    sum += weight * image.values[i];
    total += weight;
  }
  return sum / total;
}
