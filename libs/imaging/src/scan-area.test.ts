import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareToTruth,
  largestLitSquare,
  phaseDifference,
  stitchTruePatches,
  withoutPhase,
  type Canvas,
} from './index.ts';
import { drawsOf, noiseComplex, scatteredPositions, smoothObject } from './random-images.test-support.ts';
import { erodeLit } from './scan-area.ts';

function canvasWith(height: number, width: number, dark: number, seed: number): Canvas {
  const draws = drawsOf(seed);
  const lit = Uint8Array.from({ length: height * width }, () => (draws.uniform() < dark ? 0 : 1));
  return { image: noiseComplex(height, width, seed), originX: 10, originY: 20, lit };
}

describe('largest lit square', () => {
  it('is as large as the largest found by trying all, lit, and inside the scan range less 2 px', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.double({ min: 0, max: 0.4, noNaN: true }),
        (seed, dark) => {
          const [height, width] = [18, 22];
          const canvas = canvasWith(height, width, dark, seed);
          // range: canvas columns 0.5 … 20.5, rows 1.2 … 16.9
          const box = largestLitSquare(canvas, Float64Array.of(10.5, 21.2, 30.5, 36.9));
          const qualifies = (top: number, left: number, side: number) => {
            if (top < 4 || left < 3 || top + side > 14 || left + side > 18) return false;
            for (let y = top; y < top + side; y++)
              for (let x = left; x < left + side; x++) if (canvas.lit[y * width + x] === 0) return false;
            return true;
          };
          let largest = 0;
          for (let side = 1; side <= 12; side++)
            for (let top = 0; top < height; top++)
              for (let left = 0; left < width; left++) if (qualifies(top, left, side)) largest = side;
          expect(box.height).toBe(largest);
          expect(box.width).toBe(largest);
          if (largest > 0) expect(qualifies(box.top, box.left, largest)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is central when everything is lit', () => {
    const box = largestLitSquare(canvasWith(30, 40, 0, 1), Float64Array.of(10, 20, 49, 49));
    expect(box).toEqual({ top: 2, left: 7, height: 25, width: 25 });
  });
});

describe('erosion of the lit area', () => {
  it('keeps exactly the pixels whose whole neighbourhood is lit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 0, max: 3 }), (seed, distance) => {
        const canvas = canvasWith(14, 11, 0.03, seed);
        const eroded = erodeLit(canvas, distance);
        for (let y = 0; y < 14; y++) {
          for (let x = 0; x < 11; x++) {
            let whole = 1;
            for (let v = y - distance; v <= y + distance; v++)
              for (let u = x - distance; u <= x + distance; u++)
                if (v < 0 || u < 0 || v >= 14 || u >= 11 || canvas.lit[v * 11 + u] === 0) whole = 0;
            expect(eroded[y * 11 + x]).toBe(whole);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('comparison with truth', () => {
  const truth = smoothObject(90, 90);
  const positions = scatteredPositions(150, 25, 40, 7);
  const stitched = stitchTruePatches(truth, positions, 12);

  it('is perfect for the truth itself, whatever offset, ramp and scale it comes with', () => {
    const image = withoutPhase(stitched.image, { offset: 2, slopeX: 0.2, slopeY: -0.1 }, 0.04);
    const found = compareToTruth({ canvas: { ...stitched, image }, truth, positions, crop: 12 });
    expect(found.metrics.amplitude.ssim).toBeCloseTo(1, 6);
    expect(found.metrics.phase.ssim).toBeCloseTo(1, 6);
    expect(found.interior.phase.mae).toBeLessThan(1e-5);
    expect(found.amplitudeScale).toBeCloseTo(25, 4);
    expect(found.phaseRemoved.slopeX).toBeCloseTo(-0.2, 6);
    // the canvas is shown without the truth's own offset and ramp
    const shown = found.alignedCanvas.image;
    const aligned = withoutPhase(shown, phaseDifference(shown, stitched.image));
    aligned.re.forEach((value, i) => expect(value).toBeCloseTo(stitched.image.re[i], 4));
    aligned.im.forEach((value, i) => expect(value).toBeCloseTo(stitched.image.im[i], 4));
  });

  it('registers a reconstruction whose object lies elsewhere', () => {
    const object = noiseComplex(90, 90, 8);
    const dense = scatteredPositions(400, 25, 40, 9);
    const moved = stitchTruePatches(object, dense, 12, { dy: 2, dx: -2 });
    const plain = compareToTruth({ canvas: moved, truth: object, positions: dense, crop: 12 });
    const found = compareToTruth({
      canvas: moved,
      truth: object,
      positions: dense,
      crop: 12,
      register: true,
    });
    expect(found.shift.dy).toBeCloseTo(2, 1);
    expect(found.shift.dx).toBeCloseTo(-2, 1);
    expect(found.metrics.amplitude.ssim).toBeGreaterThan(0.95);
    expect(plain.metrics.amplitude.ssim).toBeLessThan(0.5);
  });

  it('names a canvas of another scan and a scan too small to score', () => {
    expect(() => compareToTruth({ canvas: stitched, truth, positions, crop: 10 })).toThrow(
      'canvas: received',
    );
    const few = positions.subarray(0, 2);
    const spot = stitchTruePatches(truth, few, 12);
    expect(() => compareToTruth({ canvas: spot, truth, positions: few, crop: 12 })).toThrow(
      'reference: received a lit square of 0 px',
    );
  });
});
