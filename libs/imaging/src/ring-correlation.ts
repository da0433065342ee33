import { assert } from '@ptychofleet/base';
import { centreBox, cropPlane, sameSize, type RealImage } from './complex-image.ts';
import { signedFrequency, spectrumOf, transform2d } from './fourier.ts';

/**
 * Fourier ring correlation of two real images (inference spec §8): value k belongs to the frequencies whose radius
 * rounds to k cycles per image, out to the corner. Images that are not square are cropped to the central square first.
 * A ring in which either image has no power at all gets 0.
 */
export function fourierRingCorrelation(first: RealImage, second: RealImage): Float64Array {
  assert(sameSize(first, second), 'images of one size');
  const n = Math.min(first.height, first.width);
  const a = transform2d(spectrumOf(centralSquare(first, n)), 'forward').data;
  const b = transform2d(spectrumOf(centralSquare(second, n)), 'forward').data;
  const corner = Math.floor(n / 2) * Math.SQRT2;
  const rings = Math.round(corner) + 1;
  const crossRe = new Float64Array(rings);
  const crossIm = new Float64Array(rings);
  const powerA = new Float64Array(rings);
  const powerB = new Float64Array(rings);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) {
      // a radius is never a half-integer: its square would end in .25
      const ring = Math.round(Math.hypot(signedFrequency(row, n), signedFrequency(column, n)));
      const at = 2 * (row * n + column);
      crossRe[ring] += a[at] * b[at] + a[at + 1] * b[at + 1];
      crossIm[ring] += a[at + 1] * b[at] - a[at] * b[at + 1];
      powerA[ring] += a[at] ** 2 + a[at + 1] ** 2;
      powerB[ring] += b[at] ** 2 + b[at + 1] ** 2;
    }
  }
  return crossRe.map((re, ring) => {
    const power = Math.sqrt(powerA[ring] * powerB[ring]);
    return power === 0 ? 0 : Math.hypot(re, crossIm[ring]) / power;
  });
}

function centralSquare(image: RealImage, side: number): RealImage {
  const values = cropPlane(image.values, image, centreBox(image, side, side));
  return { height: side, width: side, values };
}

/**
 * Where a ring correlation first falls below a threshold, in rings, interpolated linearly (inference spec §8.5);
 * the length of the curve when it never does. Ring 0 counts as 1: it is rounding noise for images without a mean.
 */
export function ringCutoff(curve: Float64Array, threshold: number): number {
  for (let ring = 1; ring < curve.length; ring++) {
    if (curve[ring] >= threshold) continue;
    const before = ring === 1 ? 1 : curve[ring - 1];
    return ring - 1 + (threshold - before) / (curve[ring] - before);
  }
  return curve.length;
}
