import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareObjects,
  shiftAndSum,
  stitchBarycentric,
  stitchTruePatches,
  withoutPhase,
  type Canvas,
  type ComparableObject,
  type ComplexImage,
} from './index.ts';
import { drawsOf, noiseImage, noisePatches, scatteredPositions } from './random-images.test-support.ts';
import { mirroredShift, placedOn } from './reference-placement.ts';
import { stitchingCrop } from './stitching-crop.ts';

/** An object of soft grains of 1.5 to 4 px, given everywhere: its samples can be had at any sub-pixel place. */
function grainyObject(seed: number): (height: number, width: number, y: number, x: number) => ComplexImage {
  const draws = drawsOf(seed);
  const grains = Array.from({ length: 500 }, () => ({
    y: -30 + 160 * draws.uniform(),
    x: -30 + 160 * draws.uniform(),
    radius: 1.5 + 2.5 * draws.uniform(),
    absorption: 0.15 * draws.uniform(),
    phase: 0.5 * draws.normal(),
  }));
  return (height, width, y, x) => {
    const amplitude = new Float64Array(height * width).fill(1);
    const phase = new Float64Array(height * width);
    for (const grain of grains) {
      const reach = 6 * grain.radius;
      for (
        let row = Math.max(0, Math.ceil(grain.y - y - reach));
        row < Math.min(height, grain.y - y + reach);
        row++
      )
        for (
          let column = Math.max(0, Math.ceil(grain.x - x - reach));
          column < Math.min(width, grain.x - x + reach);
          column++
        ) {
          const distance = Math.hypot(y + row - grain.y, x + column - grain.x) / grain.radius;
          const density = Math.exp(-0.5 * distance ** 2);
          amplitude[row * width + column] *= 1 - grain.absorption * density;
          phase[row * width + column] += grain.phase * density;
        }
    }
    return {
      height,
      width,
      re: Float32Array.from(amplitude, (value, i) => value * Math.cos(phase[i])),
      im: Float32Array.from(amplitude, (value, i) => value * Math.sin(phase[i])),
    };
  };
}

const plain = (image: ComplexImage): ComparableObject => ({
  image,
  origin: null,
  lit: null,
  positions: null,
});
const anchored = (image: ComplexImage, x: number, y: number): ComparableObject => ({
  ...plain(image),
  origin: { x, y },
});
const stitchedObject = (
  { image, originX, originY, lit }: Canvas,
  positions: Float64Array,
): ComparableObject => ({
  image,
  origin: { x: originX, y: originY },
  lit,
  positions,
});

const object = grainyObject(3);
const positions = scatteredPositions(200, 25, 45, 7);
const truth = object(95, 95, 0, 0);
const stitched = stitchedObject(stitchTruePatches(truth, positions, 12), positions);

describe('a reconstruction against a reference', () => {
  it('that is identical has no error at all', () => {
    for (const same of [stitched, plain(truth), anchored(truth, 3.25, -7)]) {
      const { metrics, shift, amplitudeScale } = compareObjects(same, same);
      for (const quantity of [metrics.amplitude, metrics.phase])
        expect(quantity).toMatchObject({ mae: 0, mse: 0, psnr: Infinity, ssim: 1, msSsim: 1 });
      expect([shift, amplitudeScale]).toEqual([{ dy: 0, dx: 0 }, 1]);
    }
  });

  it('is brought back from any offset, ramp and scale to float rounding, whatever those of the reference are', () => {
    const slope = fc.double({ min: -0.6, max: 0.6, noNaN: true });
    const plane = fc.record({
      offset: fc.double({ min: -3.1, max: 3.1, noNaN: true }),
      slopeX: slope,
      slopeY: slope,
    });
    fc.assert(
      fc.property(plane, plane, fc.double({ min: 0.01, max: 50, noNaN: true }), (mine, theirs, scale) => {
        const found = compareObjects(
          { ...stitched, image: withoutPhase(stitched.image, mine, scale) },
          { ...stitched, image: withoutPhase(stitched.image, theirs) },
        );
        expect(found.metrics.amplitude.mae).toBeLessThan(1e-6);
        expect(found.metrics.phase.mae).toBeLessThan(1e-5);
        expect(found.metrics.amplitude.ssim).toBeCloseTo(1, 6);
        expect(found.metrics.phase.ssim).toBeCloseTo(1, 6);
        expect(found.amplitudeScale * scale).toBeCloseTo(1, 5);
        expect(found.phaseRemoved.slopeX).toBeCloseTo(theirs.slopeX - mine.slopeX, 5);
        expect(found.phaseRemoved.slopeY).toBeCloseTo(theirs.slopeY - mine.slopeY, 5);
        expect(found.shift).toEqual({ dy: 0, dx: 0 });
      }),
      { numRuns: 15 },
    );
  });

  it('sees the object of the scan through its own stitching: what is left is no error of the network', () => {
    const found = compareObjects(stitched, anchored(truth, 0, 0));
    expect(found.metrics.phase).toMatchObject({ mae: 0, ssim: 1 });
    // the object stored with a margin of its own
    const padded = compareObjects(stitched, anchored(object(120, 130, -11, -17), -17, -11));
    expect(padded.metrics.phase.mae).toBeLessThan(1e-6);
    // without its positions the blur of stitching counts as an error
    const sharp = compareObjects({ ...stitched, positions: null }, anchored(truth, 0, 0));
    expect(sharp.metrics.phase.mae).toBeGreaterThan(1e-3);
    expect(sharp.metrics.phase.ssim).toBeGreaterThan(0.99);
  });

  it('finds a sub-pixel displacement and takes it away', () => {
    const displacement = fc.integer({ min: -100, max: 100 }).map((fiftieths) => fiftieths / 50);
    fc.assert(
      fc.property(displacement, displacement, (dy, dx) => {
        // content at (y, x) of the truth lies at (y - dy, x - dx) of the scan
        const moved = stitchTruePatches(object(95, 95, dy, dx), positions, 12);
        const found = compareObjects(stitchedObject(moved, positions), anchored(truth, 0, 0));
        // the blur of stitching depends on where the pixels lie, which is all that is left
        expect(Math.abs(found.shift.dy - dy)).toBeLessThan(0.03);
        expect(Math.abs(found.shift.dx - dx)).toBeLessThan(0.03);
        expect(found.metrics.phase.mae).toBeLessThan(0.01);
        expect(found.metrics.amplitude.ssim).toBeGreaterThan(0.99);
      }),
      { numRuns: 15 },
    );
  });

  it('is placed by the middle where an origin is missing, and registered from there', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -3, max: 3 }),
        fc.integer({ min: -3, max: 3 }),
        fc.integer({ min: 70, max: 120 }),
        (dy, dx, side) => {
          const start = (size: number): number =>
            size <= 95 ? Math.floor((95 - size) / 2) : -Math.floor((size - 95) / 2);
          const reference = plain(object(side, side + 4, start(side) + dy, start(side + 4) + dx));
          const found = compareObjects(plain(truth), reference);
          expect(Math.abs(found.shift.dy + dy)).toBeLessThan(0.05);
          expect(Math.abs(found.shift.dx + dx)).toBeLessThan(0.05);
          expect(found.metrics.phase.mae).toBeLessThan(0.01);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('meets one of another scan on what both have seen', () => {
    const others = scatteredPositions(220, 35.4, 40, 8);
    const other = stitchedObject(stitchTruePatches(truth, others, 12), others);
    const { metrics, box, shift } = compareObjects(stitched, other);
    expect(box.height).toBeLessThan(43);
    expect(box.height).toBeGreaterThan(30);
    expect(Math.hypot(shift.dy, shift.dx)).toBeLessThan(0.1);
    expect(metrics.phase.ssim).toBeGreaterThan(0.99);
  });

  it('is not moved by amplitudes that hold nothing but noise', () => {
    const [mine, theirs] = [1, 2].map((seed) => {
      const noise = noiseImage(95, 95, seed).values;
      const phase = (i: number): number => 0.5 * Math.sin((i % 95) / 6) * Math.cos(i / 95 / 8);
      return {
        height: 95,
        width: 95,
        re: truth.re.map((_, i) => (1 + 0.01 * noise[i]) * Math.cos(phase(i))),
        im: truth.im.map((_, i) => (1 + 0.01 * noise[i]) * Math.sin(phase(i))),
      };
    });
    const { shift, metrics } = compareObjects(anchored(mine, 0, 0), anchored(theirs, 0, 0));
    expect(shift).toEqual({ dy: 0, dx: 0 });
    expect(metrics.phase.mae).toBeLessThan(1e-5);
  });

  it('is not moved farther than positions can be wrong', () => {
    const moved = stitchTruePatches(object(95, 95, 0, 6), positions, 12);
    const { shift, metrics } = compareObjects(stitchedObject(moved, positions), anchored(truth, 0, 0));
    expect(Math.hypot(shift.dy, shift.dx)).toBeLessThanOrEqual(3);
    expect(metrics.phase.mae).toBeGreaterThan(0.1);
  });

  it('that lies elsewhere is refused', () => {
    for (const far of [anchored(truth, 500, 0), anchored(truth, 0, -80)])
      expect(() => compareObjects(stitched, far)).toThrow(
        /^reference: received a lit square of \d+ px in common with the reconstruction, expected at least 16 px/,
      );
    expect(() => compareObjects(plain(truth), plain(object(10, 10, 0, 0)))).toThrow(/^reference: received/);
  });
});

describe('the crop that a canvas was stitched with', () => {
  const scans = fc.record({
    count: fc.integer({ min: 1, max: 30 }),
    extent: fc.double({ min: 0, max: 50, noNaN: true }),
    seed: fc.integer({ min: 0, max: 1e6 }),
    crop: fc.integer({ min: 1, max: 10 }).map((half) => 2 * half),
    raster: fc.boolean(),
  });

  it('is read from the canvas, for both ways of stitching', () => {
    fc.assert(
      fc.property(scans, ({ count, extent, seed, crop, raster }) => {
        const scattered = scatteredPositions(count, 10, extent, seed);
        const scan = raster ? scattered.map(Math.round) : scattered;
        const patches = noisePatches(count, 20, seed);
        expect(stitchingCrop(shiftAndSum(patches, scan, crop), scan)).toBe(crop);
        const { canvas, skipped } = stitchBarycentric(patches, scan, crop, null);
        if (skipped === 0) expect(stitchingCrop(canvas, scan)).toBe(crop);
      }),
      { numRuns: 60 },
    );
  });

  it('is not made up for a canvas of other positions, or a dark one', () => {
    const canvas = stitchTruePatches(truth, positions, 12);
    expect(
      stitchingCrop(
        canvas,
        positions.map((value) => value + 3),
      ),
    ).toBeNull();
    expect(stitchingCrop({ ...canvas, lit: new Uint8Array(canvas.lit.length) }, positions)).toBeNull();
  });
});

describe('an image in another frame', () => {
  const canvas = (image: ComplexImage, originX: number, originY: number): Canvas => ({
    image,
    originX,
    originY,
    lit: new Uint8Array(image.height * image.width).fill(1),
  });

  it('shows at every place what the object is there, and is dark where it does not reach', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -20, max: 20, noNaN: true }),
        fc.double({ min: -20, max: 20, noNaN: true }),
        fc.boolean(),
        (x, y, wholePixels) => {
          const [originX, originY] = wholePixels ? [Math.round(x), Math.round(y)] : [x, y];
          const frame = canvas(object(40, 50, 0, 0), originX, originY);
          const placed = placedOn(frame, canvas(truth, 2, -3), { dy: 1, dx: 4 });
          // source pixel of frame pixel (0, 0)
          const [v, u] = [originY + 1 + 3, originX + 4 - 2];
          const exact = object(40, 50, v, u);
          placed.lit.forEach((isLit, i) => {
            const [atV, atU] = [v + Math.floor(i / 50), u + (i % 50)];
            if (isLit === 0) {
              const deep = atV > 3 && atU > 3 && atV < 91 && atU < 91;
              expect(deep).toBe(false);
              return;
            }
            expect(atV >= 0 && atU >= 0 && atV <= 94 && atU <= 94).toBe(true);
            const edge = Math.min(atV, atU, 94 - atV, 94 - atU);
            const allowed = wholePixels ? 1e-6 : edge < 8 ? 0.05 : 0.01;
            expect(
              Math.hypot(placed.image.re[i] - exact.re[i], placed.image.im[i] - exact.im[i]),
            ).toBeLessThan(allowed);
          });
        },
      ),
      { numRuns: 20 },
    );
  });

  it('comes back from a shift', () => {
    const there = mirroredShift(truth, 0.37, -1.81);
    const back = mirroredShift(there, -0.37, 1.81);
    for (let row = 10; row < 85; row++)
      for (let column = 10; column < 85; column++) {
        const i = row * 95 + column;
        expect(Math.hypot(back.re[i] - truth.re[i], back.im[i] - truth.im[i])).toBeLessThan(2e-3);
      }
  });
});
