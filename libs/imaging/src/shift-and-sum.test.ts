import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '@ptychofleet/base';
import {
  BarycentricStitcher,
  centralCrops,
  patchesOfObject,
  shiftAndSum,
  ShiftAndSumStitcher,
  stitchBarycentric,
  stitchTruePatches,
  toInterleaved,
  type PatchStack,
} from './index.ts';
import {
  noiseComplex,
  noisePatches,
  scatteredPositions,
  smoothObject,
} from './random-images.test-support.ts';

const seeds = fc.integer({ min: 0, max: 1e6 });

/** Inference spec §3 word for word: translate each zero-padded crop by the gather of model spec §6.2, add, divide. */
function translatedSum(patches: PatchStack, positions: Float64Array, crop: number) {
  const n = patches.count;
  const mean = (axis: number) => positions.reduce((a, v, i) => (i % 2 === axis ? a + v : a), 0) / n;
  const com = [mean(0), mean(1)];
  const reach = Math.max(...positions.map((v, i) => Math.abs(v - com[i % 2])));
  const pad = Math.ceil(reach) + (Math.ceil(reach) % 2);
  const side = crop + 2 * pad;
  const start = patches.side / 2 - crop / 2;
  const num = new Float64Array(2 * side * side);
  const den = new Float64Array(side * side);
  const padded = (i: number, y: number, x: number, part: number): number => {
    const [row, column] = [y - pad, x - pad];
    if (row < 0 || column < 0 || row >= crop || column >= crop) return 0;
    if (part === 2) return 1;
    return patches.values[2 * ((i * patches.side + start + row) * patches.side + start + column) + part];
  };
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [positions[2 * i] - com[0], positions[2 * i + 1] - com[1]];
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const [top, left] = [Math.floor(y - dy), Math.floor(x - dx)];
        const [fy, fx] = [y - dy - top, x - dx - left];
        const sampled = (part: number) =>
          (1 - fy) * (1 - fx) * padded(i, top, left, part) +
          (1 - fy) * fx * padded(i, top, left + 1, part) +
          fy * (1 - fx) * padded(i, top + 1, left, part) +
          fy * fx * padded(i, top + 1, left + 1, part);
        num[2 * (y * side + x)] += sampled(0);
        num[2 * (y * side + x) + 1] += sampled(1);
        den[y * side + x] += sampled(2);
      }
    }
  }
  return {
    side,
    values: num.map((v, i) => v / (den[i >> 1] + 1e-9)),
    lit: den.map((v) => (v > 1e-6 ? 1 : 0)),
  };
}

describe('shift-and-sum', () => {
  it('agrees with translating every padded crop over the whole canvas', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 6 }), fc.constantFrom(2, 4, 6), (seed, count, crop) => {
        const patches = noisePatches(count, 8, seed);
        const positions = scatteredPositions(count, -3, 9, seed + 1);
        const canvas = shiftAndSum(patches, positions, crop);
        const oracle = translatedSum(patches, positions, crop);
        expect(canvas.image.height).toBe(oracle.side);
        expect([...canvas.lit]).toEqual([...oracle.lit]);
        toInterleaved(canvas.image).forEach((value, i) => {
          // weights near the lit threshold divide rounding noise
          if (oracle.lit[i >> 1] === 1) expect(value).toBeCloseTo(oracle.values[i], 4);
        });
      }),
      { numRuns: 40 },
    );
  });

  it('has the same bytes however the patches are cut into batches', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 6 }),
        (seed, sizes) => {
          const count = sizes.reduce((a, b) => a + b, 0);
          const patches = noisePatches(count, 4, seed);
          const positions = scatteredPositions(count, 0, 12, seed + 1);
          const stitcher = new ShiftAndSumStitcher(positions, 4);
          for (const size of sizes) {
            const from = stitcher.added;
            stitcher.add(from, patches.values.subarray(32 * from, 32 * (from + size)));
          }
          const whole = shiftAndSum(patches, positions, 4);
          expect(bytesOf(stitcher.result().image.re)).toEqual(bytesOf(whole.image.re));
          expect(bytesOf(stitcher.result().image.im)).toEqual(bytesOf(whole.image.im));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('refuses patches out of turn and an unfinished canvas', () => {
    const patches = noisePatches(3, 4, 1);
    const stitcher = new ShiftAndSumStitcher(scatteredPositions(3, 0, 5, 1), 4);
    expect(() => stitcher.add(1, patches.values.subarray(0, 32))).toThrow('patch 1 came when 0 was due');
    stitcher.add(0, patches.values.subarray(0, 64));
    expect(() => stitcher.result()).toThrow('stitched 2 of 3');
    expect(() => stitcher.add(0, patches.values.subarray(0, 32))).toThrow('patch 0 came when 2 was due');
    expect(() => stitcher.add(2, patches.values.subarray(0, 64))).toThrow('patch 3 of 3');
  });

  it('is linear in the patches', () => {
    fc.assert(
      fc.property(seeds, fc.double({ min: -2, max: 2, noNaN: true }), (seed, factor) => {
        const a = noisePatches(5, 6, seed);
        const b = noisePatches(5, 6, seed + 1);
        const mixed = { ...a, values: a.values.map((v, i) => v + factor * b.values[i]) };
        const positions = scatteredPositions(5, 0, 6, seed);
        const [ca, cb, cm] = [a, b, mixed].map((p) => toInterleaved(shiftAndSum(p, positions, 6).image));
        cm.forEach((value, i) => expect(value).toBeCloseTo(ca[i] + factor * cb[i], 4));
      }),
      { numRuns: 30 },
    );
  });

  it('puts the true patches of an object back in place exactly at whole-pixel positions', () => {
    const object = noiseComplex(40, 44, 3);
    // symmetric about (20, 18), so that the canvas origin is whole too
    const positions = Float64Array.of(20, 18, 14, 12, 26, 24, 17, 22, 23, 14);
    const canvas = stitchTruePatches(object, positions, 8);
    expect(canvas.lit.reduce((a, b) => a + b, 0)).toBeGreaterThan(150);
    for (let i = 0; i < canvas.lit.length; i++) {
      if (canvas.lit[i] === 0) continue;
      const x = canvas.originX + (i % canvas.image.width);
      const y = canvas.originY + Math.floor(i / canvas.image.width);
      expect(canvas.image.re[i]).toBeCloseTo(object.re[y * 44 + x], 6);
      expect(canvas.image.im[i]).toBeCloseTo(object.im[y * 44 + x], 6);
    }
  });

  it('puts a smooth object back within the blur of interpolation at any positions', () => {
    const object = smoothObject(80, 80);
    fc.assert(
      fc.property(seeds, (seed) => {
        const canvas = stitchTruePatches(object, scatteredPositions(30, 20, 40, seed), 12);
        let error = 0;
        let lit = 0;
        for (let i = 0; i < canvas.lit.length; i++) {
          if (canvas.lit[i] === 0) continue;
          const x = canvas.originX + (i % canvas.image.width);
          const y = canvas.originY + Math.floor(i / canvas.image.width);
          const [exact] = patchesOfObject(object, Float64Array.of(x + 1, y + 1), 2).values;
          // an edge pixel may show what lies up to one pixel further along both axes, and slopes stay below 0.15
          expect(Math.abs(canvas.image.re[i] - exact)).toBeLessThan(0.3);
          error += Math.abs(canvas.image.re[i] - exact);
          lit++;
        }
        expect(error / lit).toBeLessThan(0.02);
      }),
      { numRuns: 20 },
    );
  });

  it('names what is wrong with a crop or positions', () => {
    expect(() => new ShiftAndSumStitcher(Float64Array.of(0, 0), 5)).toThrow(
      'crop: received 5, expected an even',
    );
    expect(() => new ShiftAndSumStitcher(new Float64Array(0), 4)).toThrow('positions: received none');
    expect(() => new ShiftAndSumStitcher(Float64Array.of(0, NaN), 4)).toThrow('positions: received');
    expect(() => new ShiftAndSumStitcher(Float64Array.of(0, 0, 1e9, 0), 4)).toThrow(
      'check that positions are in',
    );
    expect(() => shiftAndSum(noisePatches(1, 8, 1), Float64Array.of(0, 0), 10)).toThrow(
      'from 1 to the patch side 8',
    );
  });
});

describe('cutting patches out and scattering them back', () => {
  it('are each other’s transpose', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const object = noiseComplex(24, 22, seed);
        const positions = scatteredPositions(6, 6, 9, seed + 1);
        const patches = noisePatches(6, 8, seed + 2);
        const cut = patchesOfObject(object, positions, 8).values;
        const scattered = new BarycentricStitcher({ height: 24, width: 22, middle: 8, weights: null });
        for (let i = 0; i < 6; i++)
          scattered.add(i, positions[2 * i], positions[2 * i + 1], patches.values, i);
        expect(scattered.skipped).toBe(0);
        const inPatches = cut.reduce((sum, v, i) => sum + v * patches.values[i], 0);
        const { re, im } = scattered.sum;
        const inObject = object.re.reduce((sum, v, i) => sum + v * re[i] + object.im[i] * im[i], 0);
        expect(inPatches).toBeCloseTo(inObject, 3);
      }),
      { numRuns: 40 },
    );
  });
});

describe('barycentric stitching', () => {
  it('with equal weights is shift-and-sum on another canvas', () => {
    const patches = noisePatches(7, 16, 4);
    const positions = scatteredPositions(7, 0, 20, 5);
    const { canvas, skipped } = stitchBarycentric(patches, positions, 8, null);
    const plain = shiftAndSum(patches, positions, 8);
    expect(skipped).toBe(0);
    let compared = 0;
    for (let i = 0; i < plain.lit.length; i++) {
      const x = Math.round(plain.originX + (i % plain.image.width) - canvas.originX);
      const y = Math.round(plain.originY + Math.floor(i / plain.image.width) - canvas.originY);
      if (plain.lit[i] === 0) continue;
      expect(canvas.image.re[y * canvas.image.width + x]).toBeCloseTo(plain.image.re[i], 4);
      compared++;
    }
    expect(compared).toBeGreaterThan(200);
  });

  it('skips and counts the patches that would leave the canvas, and nothing of them enters', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const crops = centralCrops(noisePatches(8, 4, seed), 4).values;
        const positions = scatteredPositions(8, -4, 24, seed);
        const all = new BarycentricStitcher({ height: 16, width: 16, middle: 4, weights: null });
        const fits = (q: number) => Math.floor(q - 2) >= 0 && Math.floor(q - 2) + 5 < 16;
        let expected = 0;
        for (let i = 0; i < 8; i++) {
          all.add(i, positions[2 * i], positions[2 * i + 1], crops, i);
          if (fits(positions[2 * i]) && fits(positions[2 * i + 1])) expected++;
        }
        expect(8 - all.skipped).toBe(expected);
        // every accepted patch brings exactly its 16 pixels of weight
        expect(all.sum.weights.reduce((a, b) => a + b, 0)).toBeCloseTo(16 * expected, 9);
      }),
      { numRuns: 60 },
    );
  });
});
