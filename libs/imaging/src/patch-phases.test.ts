import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '@ptychofleet/base';
import {
  consistentPhases,
  patchesOfObject,
  shiftAndSum,
  turnPatches,
  type PatchPhases,
  type PatchStack,
} from './index.ts';
import { drawsOf, noiseComplex, scatteredPositions, smoothObject } from './random-images.test-support.ts';

const seeds = fc.integer({ min: 0, max: 1e6 });
const side = 12;

function everybody(count: number): () => number[] {
  return () => Array.from({ length: count }, (_, i) => i);
}

function randomPhases(count: number, seed: number): PatchPhases {
  const draws = drawsOf(seed);
  const angles = Float64Array.from({ length: count }, () => 2 * Math.PI * draws.uniform());
  return { re: angles.map(Math.cos), im: angles.map(Math.sin) };
}

/** Positions on a bent raster: neighbours share about two thirds of a patch. */
function raster(columns: number, rows: number, seed: number): Float64Array {
  const draws = drawsOf(seed);
  return Float64Array.from({ length: 2 * columns * rows }, (_, at) => {
    const patch = Math.floor(at / 2);
    const index = at % 2 === 0 ? patch % columns : Math.floor(patch / columns);
    return 20 + 4 * index + draws.uniform();
  });
}

/** arg of Σ c·d, which a common phase of all patches leaves at zero spread. */
function spread(c: PatchPhases, d: PatchPhases): number {
  const product = Array.from(c.re, (re, i) => [
    re * d.re[i] - c.im[i] * d.im[i],
    re * d.im[i] + c.im[i] * d.re[i],
  ]);
  const [re, im] = product.reduce(([a, b], [x, y]) => [a + x, b + y], [0, 0]);
  return 1 - Math.hypot(re, im) / product.length;
}

describe('phases of patches', () => {
  it('that were turned at random are found again, up to one for all', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const positions = raster(7, 6, seed);
        const truth = patchesOfObject(smoothObject(64, 64), positions, side);
        const chance = randomPhases(truth.count, seed);
        const found = consistentPhases(turnPatches(truth, chance), positions, everybody(truth.count));
        // Interpolation of a curved object leaves 1e-3 rad.
        expect(spread(found, chance)).toBeLessThan(1e-4);
      }),
      { numRuns: 10 },
    );
  });

  it('give the stitched canvas of the patches as they were, up to one phase', () => {
    const positions = raster(8, 8, 3);
    const truth = patchesOfObject(smoothObject(64, 64), positions, side);
    const turned = turnPatches(truth, randomPhases(truth.count, 4));
    const align = (patches: PatchStack) =>
      turnPatches(patches, consistentPhases(patches, positions, everybody(patches.count)));
    const expected = shiftAndSum(truth, positions, side).image;
    const found = shiftAndSum(align(turned), positions, side).image;
    let [re, im, power] = [0, 0, 0];
    expected.re.forEach((a, i) => {
      re += a * found.re[i] + expected.im[i] * found.im[i];
      im += expected.im[i] * found.re[i] - a * found.im[i];
      power += a * a + expected.im[i] ** 2;
    });
    expect(Math.hypot(re, im) / power).toBeGreaterThan(0.9999);
    const lost = shiftAndSum(turned, positions, side).image;
    const energy = ({ re: a, im: b }: typeof lost) => a.reduce((s, v, i) => s + v * v + b[i] ** 2, 0);
    expect(energy(lost)).toBeLessThan(0.5 * energy(found));
  });

  it('do not lower the agreement that they started with, whatever the patches', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const positions = scatteredPositions(12, 14, 18, seed);
        const patches = patchesOfObject(noiseComplex(48, 48, seed), positions, side);
        const noisy = turnPatches(patches, randomPhases(12, seed + 1));
        const energy = (stack: PatchStack) => {
          const { re, im } = shiftAndSum(stack, positions, side).image;
          return re.reduce((sum, value, i) => sum + value * value + im[i] ** 2, 0);
        };
        const aligned = turnPatches(noisy, consistentPhases(noisy, positions, everybody(12)));
        expect(energy(aligned)).toBeGreaterThan(0.98 * energy(noisy));
      }),
      { numRuns: 30 },
    );
  });

  it('stay at 1 where nothing overlaps, and keep the mean of each part', () => {
    const positions = Float64Array.of(20, 20, 24, 20, 60, 60, 64, 60, 110, 20);
    const object = noiseComplex(140, 140, 1);
    const patches = turnPatches(patchesOfObject(object, positions, side), randomPhases(5, 2));
    const { re, im } = consistentPhases(patches, positions, everybody(5));
    expect([re[4], im[4]]).toEqual([1, 0]);
    for (const [a, b] of [
      [0, 1],
      [2, 3],
    ]) {
      expect(im[a] + im[b]).toBeCloseTo(0, 12);
      expect(re[a] + re[b]).toBeGreaterThan(0);
    }
  });

  it('are equal bit by bit for equal patches, and do not depend on the order in which neighbours are named', () => {
    const positions = raster(6, 5, 9);
    const patches = turnPatches(
      patchesOfObject(noiseComplex(64, 64, 5), positions, side),
      randomPhases(30, 6),
    );
    const near = (i: number) => [i - 6, i - 1, i + 1, i + 6].filter((j) => j >= 0 && j < 30);
    const a = consistentPhases(patches, positions, near);
    const b = consistentPhases(patches, positions, near);
    expect(bytesOf(a.re)).toEqual(bytesOf(b.re));
    expect(bytesOf(a.im)).toEqual(bytesOf(b.im));
    const reversed = consistentPhases(patches, positions, (i) => near(i).reverse());
    reversed.re.forEach((value, i) => expect(value).toBeCloseTo(a.re[i], 9));
  });

  it('of dark patches stay at 1', () => {
    const dark: PatchStack = { count: 2, side, values: new Float32Array(4 * side * side) };
    const { re, im } = consistentPhases(dark, Float64Array.of(0, 0, 2, 2), everybody(2));
    expect([...re, ...im]).toEqual([1, 1, 0, 0]);
  });
});
