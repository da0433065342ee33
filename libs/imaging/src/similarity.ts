import { assert } from '@ptychofleet/base';
import { sameSize, type RealImage } from './complex-image.ts';
import { gaussianBlur } from './gaussian.ts';

const windowSide = 7;
const windowPixels = windowSide * windowSide;

/** Largest minus smallest value. */
export function valueRange(image: RealImage): number {
  let low = Infinity;
  let high = -Infinity;
  for (const value of image.values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return high - low;
}

/**
 * Mean structural similarity (Wang et al. 2004; inference spec §7): uniform 7×7 window, K1 0.01, K2 0.03, sample
 * covariance, mean over the windows inside the image.
 *
 * @param range span of the data, the L of the constants. @param lit when given, only windows without an unlit pixel count.
 * @returns NaN when no window counts or a flat image meets range 0.
 */
export function structuralSimilarity(
  truth: RealImage,
  image: RealImage,
  range: number,
  lit?: Uint8Array,
): number {
  assert(sameSize(truth, image), 'images of one size');
  const { height, width } = truth;
  if (height < windowSide || width < windowSide) return NaN;
  const c1 = (0.01 * range) ** 2;
  const c2 = (0.03 * range) ** 2;
  const t = truth.values;
  const p = image.values;
  const sumT = windowSums(height, width, (i) => t[i]);
  const sumP = windowSums(height, width, (i) => p[i]);
  const sumTT = windowSums(height, width, (i) => t[i] * t[i]);
  const sumPP = windowSums(height, width, (i) => p[i] * p[i]);
  const sumTP = windowSums(height, width, (i) => t[i] * p[i]);
  const sumLit = lit === undefined ? null : windowSums(height, width, (i) => lit[i]);
  let total = 0;
  let windows = 0;
  for (let i = 0; i < sumT.length; i++) {
    if (sumLit !== null && sumLit[i] !== windowPixels) continue;
    const meanT = sumT[i] / windowPixels;
    const meanP = sumP[i] / windowPixels;
    const varT = (sumTT[i] - windowPixels * meanT * meanT) / (windowPixels - 1);
    const varP = (sumPP[i] - windowPixels * meanP * meanP) / (windowPixels - 1);
    const covariance = (sumTP[i] - windowPixels * meanT * meanP) / (windowPixels - 1);
    total +=
      ((2 * meanT * meanP + c1) * (2 * covariance + c2)) /
      ((meanT * meanT + meanP * meanP + c1) * (varT + varP + c2));
    windows++;
  }
  return total / windows;
}

/** Sums over every 7×7 window inside the image: (height-6, width-6). */
function windowSums(height: number, width: number, valueAt: (index: number) => number): Float64Array {
  const across = width - windowSide + 1;
  const rowSums = new Float64Array(height * across);
  const line = new Float64Array(width);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) line[column] = valueAt(row * width + column);
    for (let column = 0; column < across; column++) {
      let sum = 0;
      for (let k = 0; k < windowSide; k++) sum += line[column + k];
      rowSums[row * across + column] = sum;
    }
  }
  const sums = new Float64Array((height - windowSide + 1) * across);
  for (let i = 0; i < sums.length; i++) {
    let sum = 0;
    for (let k = 0; k < windowSide; k++) sum += rowSums[i + k * across];
    sums[i] = sum;
  }
  return sums;
}

const levelWeights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/**
 * Multi-scale structural similarity in the published code's form (inference spec §7): the whole SSIM at each of up to
 * five levels, every second pixel from level to level without a low pass; levels stop below 7 pixels a side.
 *
 * @param blurSigma Gaussian blur of both images first, in pixels; the range is taken after it.
 */
export function multiScaleSimilarity(
  truth: RealImage,
  image: RealImage,
  blurSigma: number,
  lit?: Uint8Array,
): number {
  let t = gaussianBlur(truth, blurSigma);
  let p = gaussianBlur(image, blurSigma);
  let mask = lit;
  const range = Math.max(valueRange(t), valueRange(p));
  let product = 1;
  for (const weight of levelWeights) {
    if (Math.min(t.height, t.width) < windowSide) break;
    const similarity = structuralSimilarity(t, p, range, mask);
    product *= (similarity < 0 ? 1e-4 : similarity) ** weight;
    if (mask !== undefined) mask = everySecond(mask, t);
    t = halved(t);
    p = halved(p);
  }
  return Number.isNaN(product) ? 0 : product;
}

function halved(image: RealImage): RealImage {
  const values = everySecond(image.values, image);
  return { height: Math.ceil(image.height / 2), width: Math.ceil(image.width / 2), values };
}

function everySecond<Plane extends Float32Array | Float64Array | Uint8Array>(
  plane: Plane,
  frame: { height: number; width: number },
): Plane {
  return plane.filter(
    (_, i) => (i % frame.width) % 2 === 0 && Math.floor(i / frame.width) % 2 === 0,
  ) as Plane;
}
