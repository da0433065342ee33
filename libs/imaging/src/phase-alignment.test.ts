import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  amplitudeScale,
  centredPhase,
  evalReconstruction,
  fourierShift,
  phaseDifference,
  registerShift,
  withoutPhase,
  type ComplexImage,
} from './index.ts';
import { drawsOf, noiseComplex, smoothObject } from './random-images.test-support.ts';

const offsets = fc.double({ min: -3.1, max: 3.1, noNaN: true });
const slopes = fc.double({ min: -0.9, max: 0.9, noNaN: true });

/** The image times `scale·exp(i plane)`. */
function ramped(
  image: ComplexImage,
  offset: number,
  slopeX: number,
  slopeY: number,
  scale = 1,
): ComplexImage {
  return withoutPhase(image, { offset: -offset, slopeX: -slopeX, slopeY: -slopeY }, scale);
}

function withNoise(image: ComplexImage, sigma: number, seed: number): ComplexImage {
  const draws = drawsOf(seed);
  return {
    ...image,
    re: image.re.map((v) => v + sigma * draws.normal()),
    im: image.im.map((v) => v + sigma * draws.normal()),
  };
}

/** Angles that differ by whole turns are the same. */
function turnsBetween(a: number, b: number): number {
  const turns = (a - b) / (2 * Math.PI);
  return Math.abs(turns - Math.round(turns));
}

describe('phase difference', () => {
  it('finds offset and ramp over many turns, with noise and any scale', () => {
    const object = smoothObject(40, 56);
    fc.assert(
      fc.property(
        offsets,
        slopes,
        slopes,
        fc.integer({ min: 0, max: 1000 }),
        (offset, slopeX, slopeY, seed) => {
          const image = withNoise(ramped(object, offset, slopeX, slopeY, 0.05), 0.001, seed);
          const found = phaseDifference(image, object);
          expect(found.slopeX).toBeCloseTo(slopeX, 3);
          expect(found.slopeY).toBeCloseTo(slopeY, 3);
          expect(turnsBetween(found.offset, offset)).toBeLessThan(2e-3);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is exact without noise', () => {
    const object = smoothObject(33, 47);
    const found = phaseDifference(ramped(object, 2.5, 0.31, -0.22), object);
    expect(found.slopeX).toBeCloseTo(0.31, 6);
    expect(found.slopeY).toBeCloseTo(-0.22, 6);
    expect(found.offset).toBeCloseTo(2.5, 5);
  });

  it('does not look at unlit pixels', () => {
    const object = smoothObject(32, 32);
    const image = ramped(object, 1, 0.1, 0.05);
    const lit = Uint8Array.from({ length: 1024 }, (_, i) => ((i % 32) + Math.floor(i / 32) < 34 ? 1 : 0));
    const noise = noiseComplex(32, 32, 9);
    const spoilt = {
      ...image,
      re: image.re.map((v, i) => (lit[i] === 1 ? v : 50 * noise.re[i])),
      im: image.im.map((v, i) => (lit[i] === 1 ? v : 50 * noise.im[i])),
    };
    expect(phaseDifference(spoilt, object, lit)).toEqual(phaseDifference(image, object, lit));
    expect(phaseDifference(spoilt, object, lit).slopeX).toBeCloseTo(0.1, 5);
    expect(amplitudeScale(spoilt, object, lit)).toBeCloseTo(1, 5);
  });

  it('fits the offset alone when asked, and nothing where there is no light', () => {
    const object = smoothObject(32, 32);
    const found = phaseDifference(ramped(object, -2, 0, 0), object, undefined, 'offset');
    expect(found).toEqual({ offset: expect.closeTo(-2, 5), slopeX: 0, slopeY: 0 });
    expect(phaseDifference(object, object, new Uint8Array(1024))).toEqual({
      offset: 0,
      slopeX: 0,
      slopeY: 0,
    });
  });

  it('centres phases so that an offset cannot wrap them', () => {
    const object = smoothObject(24, 24);
    const plain = centredPhase(object).values;
    const turned = centredPhase(ramped(object, Math.PI, 0, 0)).values;
    turned.forEach((value, i) => expect(value).toBeCloseTo(plain[i], 4));
  });
});

describe('evaluation after alignment', () => {
  it('does not depend on phase offset, ramp or amplitude scale of the reconstruction', () => {
    const truth = smoothObject(48, 48);
    const rec = withNoise(truth, 0.05, 4);
    const score = (image: ComplexImage) =>
      evalReconstruction(withoutPhase(image, phaseDifference(image, truth)), truth);
    const plain = score(rec);
    fc.assert(
      fc.property(
        offsets,
        slopes,
        slopes,
        fc.double({ min: 0.01, max: 50, noNaN: true }),
        (offset, slopeX, slopeY, scale) => {
          const moved = score(ramped(rec, offset, slopeX, slopeY, scale));
          for (const quantity of ['amplitude', 'phase'] as const)
            for (const metric of ['mae', 'mse', 'ssim', 'msSsim'] as const)
              expect(moved[quantity][metric]).toBeCloseTo(plain[quantity][metric], 4);
          for (const quantity of ['amplitude', 'phase'] as const)
            moved[quantity].frc
              .subarray(1)
              .forEach((value, i) => expect(value).toBeCloseTo(plain[quantity].frc[i + 1], 2));
        },
      ),
      { numRuns: 15 },
    );
  });

  it('of the truth itself is perfect', () => {
    const truth = smoothObject(48, 40);
    const { amplitude, phase, frcSide } = evalReconstruction(truth, truth);
    expect(frcSide).toBe(36);
    for (const metrics of [amplitude, phase]) {
      expect(metrics).toMatchObject({ mae: 0, mse: 0, psnr: Infinity, ssim: 1 });
      for (const value of metrics.frc) expect(value).toBeCloseTo(1, 9);
      expect(metrics.frc50).toBe(metrics.frc.length);
    }
  });

  it('names an image too small to score', () => {
    const tiny = smoothObject(10, 30);
    expect(() => evalReconstruction(tiny, tiny)).toThrow(
      'image: received 10×30 px, expected at least 11 px a side',
    );
  });
});

describe('registration', () => {
  it('finds the shift that a Fourier shift made, to the grid of 0.02 px', () => {
    const image = noiseComplex(30, 37, 5);
    fc.assert(
      fc.property(
        fc.integer({ min: -400, max: 400 }),
        fc.integer({ min: -400, max: 400 }),
        (fiftiethsY, fiftiethsX) => {
          // a shift commutes with the modulus only for real positive images
          const positive = {
            ...image,
            re: image.re.map((v) => 9 + v),
            im: new Float32Array(image.im.length),
          };
          const moved = fourierShift(positive, { dy: fiftiethsY / 50, dx: fiftiethsX / 50 });
          const found = registerShift(positive, moved);
          expect(found.dy).toBeCloseTo(-fiftiethsY / 50, 1);
          expect(found.dx).toBeCloseTo(-fiftiethsX / 50, 1);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('rolls the image at whole pixels and undoes itself', () => {
    const image = noiseComplex(9, 12, 6);
    const rolled = fourierShift(image, { dy: 2, dx: -5 });
    for (let row = 0; row < 9; row++)
      for (let column = 0; column < 12; column++)
        expect(rolled.re[((row + 2) % 9) * 12 + ((column + 7) % 12)]).toBeCloseTo(
          image.re[row * 12 + column],
          5,
        );
    const back = fourierShift(fourierShift(image, { dy: 0.3, dx: 1.7 }), { dy: -0.3, dx: -1.7 });
    back.re.forEach((value, i) => expect(value).toBeCloseTo(image.re[i], 5));
  });
});
