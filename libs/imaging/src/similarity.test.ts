import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gaussianBlur } from './gaussian.ts';
import {
  fourierRingCorrelation,
  multiScaleSimilarity,
  ringCutoff,
  structuralSimilarity,
  type RealImage,
} from './index.ts';
import { noiseImage } from './random-images.test-support.ts';
import { valueRange } from './similarity.ts';

const seeds = fc.integer({ min: 0, max: 1e6 });

/** SSIM window by window, two passes each, from the definition of mean and sample covariance. */
function slowSimilarity(t: RealImage, p: RealImage, range: number, lit?: Uint8Array): number {
  const scores: number[] = [];
  for (let top = 0; top + 7 <= t.height; top++) {
    for (let left = 0; left + 7 <= t.width; left++) {
      const places = Array.from(
        { length: 49 },
        (_, k) => (top + Math.floor(k / 7)) * t.width + left + (k % 7),
      );
      if (lit !== undefined && places.some((i) => lit[i] === 0)) continue;
      const mean = (image: RealImage) => places.reduce((a, i) => a + image.values[i], 0) / 49;
      const covariance = (a: RealImage, b: RealImage) =>
        places.reduce((sum, i) => sum + (a.values[i] - mean(a)) * (b.values[i] - mean(b)), 0) / 48;
      const [c1, c2] = [(0.01 * range) ** 2, (0.03 * range) ** 2];
      scores.push(
        ((2 * mean(t) * mean(p) + c1) * (2 * covariance(t, p) + c2)) /
          ((mean(t) ** 2 + mean(p) ** 2 + c1) * (covariance(t, t) + covariance(p, p) + c2)),
      );
    }
  }
  return scores.reduce((a, b) => a + b, 0) / scores.length;
}

describe('structural similarity', () => {
  it('agrees with the definition, window by window, masked or not', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 7, max: 12 }),
        fc.integer({ min: 7, max: 12 }),
        (seed, height, width) => {
          const t = noiseImage(height, width, seed);
          const p = {
            ...t,
            values: t.values.map((v, i) => v + 0.5 * noiseImage(height, width, seed + 1).values[i]),
          };
          const lit = new Uint8Array(height * width).fill(1);
          lit[0] = 0;
          expect(structuralSimilarity(t, p, 3)).toBeCloseTo(slowSimilarity(t, p, 3), 10);
          if (height > 7)
            expect(structuralSimilarity(t, p, 3, lit)).toBeCloseTo(slowSimilarity(t, p, 3, lit), 10);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('of an image with itself is 1, for any image, and both forms are symmetric', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const t = noiseImage(20, 33, seed);
        const p = noiseImage(20, 33, seed + 1);
        expect(structuralSimilarity(t, t, valueRange(t))).toBe(1);
        expect(multiScaleSimilarity(t, t, 1)).toBeCloseTo(1, 12);
        expect(structuralSimilarity(t, p, 2)).toBeCloseTo(structuralSimilarity(p, t, 2), 12);
        expect(multiScaleSimilarity(t, p, 0)).toBeCloseTo(multiScaleSimilarity(p, t, 0), 12);
      }),
      { numRuns: 20 },
    );
  });

  it('has no window in a small image and scores it 0 over scales only when undefined', () => {
    const small = noiseImage(6, 9, 1);
    expect(structuralSimilarity(small, small, 1)).toBeNaN();
    const flat = { height: 9, width: 9, values: new Float64Array(81) };
    expect(multiScaleSimilarity(flat, flat, 0)).toBe(0);
  });
});

describe('Gaussian blur', () => {
  it('keeps a constant and the sum, also where the kernel is wider than the image', () => {
    const flat = { height: 3, width: 4, values: new Float64Array(12).fill(2.5) };
    for (const value of gaussianBlur(flat, 2).values) expect(value).toBeCloseTo(2.5, 12);
    const image = noiseImage(5, 6, 2);
    const sum = (values: RealImage['values']) => Array.from(values).reduce((a, b) => a + b, 0);
    expect(sum(gaussianBlur(image, 1.5).values)).toBeCloseTo(sum(image.values), 10);
  });
});

describe('Fourier ring correlation', () => {
  it('of an image with itself is 1 in every ring, also negated or scaled', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 4, max: 40 }),
        fc.constantFrom(1, -1, 3.7),
        (seed, side, factor) => {
          const image = noiseImage(side, side, seed);
          const other = { ...image, values: image.values.map((v) => factor * v) };
          const frc = fourierRingCorrelation(image, other);
          expect(frc.length).toBe(Math.round(Math.floor(side / 2) * Math.SQRT2) + 1);
          for (const value of frc) expect(value).toBeCloseTo(1, 10);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('of independent noise is small, between 0 and 1, and symmetric', () => {
    const [a, b] = [noiseImage(64, 64, 1), noiseImage(64, 64, 2)];
    const frc = fourierRingCorrelation(a, b);
    expect(Math.max(...frc)).toBeLessThanOrEqual(1);
    expect(frc.subarray(8, 32).reduce((x, y) => x + y, 0) / 24).toBeLessThan(0.15);
    fourierRingCorrelation(b, a).forEach((value, i) => expect(value).toBeCloseTo(frc[i], 12));
  });

  it('crops a rectangle to its central square', () => {
    const wide = noiseImage(16, 21, 3);
    const square = {
      height: 16,
      width: 16,
      values: wide.values.filter((_, i) => i % 21 >= 2 && i % 21 < 18),
    };
    expect(fourierRingCorrelation(wide, wide)).toEqual(fourierRingCorrelation(square, square));
  });

  it('of an empty image is 0', () => {
    const empty = { height: 8, width: 8, values: new Float64Array(64) };
    expect(fourierRingCorrelation(empty, noiseImage(8, 8, 1)).every((value) => value === 0)).toBe(true);
  });
});

describe('ring cut-off', () => {
  it('interpolates the first crossing, whatever ring 0 holds', () => {
    for (const zero of [1, 0.02, NaN]) {
      expect(ringCutoff(Float64Array.of(zero, 0.9, 0.7, 0.3, 0.9, 0.1), 0.5)).toBeCloseTo(2.5, 12);
      expect(ringCutoff(Float64Array.of(zero, 0.25, 0.9), 0.5)).toBeCloseTo(2 / 3, 12);
      expect(ringCutoff(Float64Array.of(zero, 0.9, 0.8), 0.5)).toBe(3);
    }
  });
});
