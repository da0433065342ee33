import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canvasSide, neighborDistance } from './reassembly.ts';

const offsets = fc
  .array(fc.double({ min: -40, max: 40, noNaN: true }), { minLength: 18, maxLength: 36 })
  .map((values) => Float32Array.from(values));

describe('canvas of a group', () => {
  it('has room for the farthest patch of any group where no distance is stated, up to twice the pattern', () => {
    fc.assert(
      fc.property(fc.constantFrom(2, 3), offsets, (gridsize, relative) => {
        const N = 64;
        const distance = neighborDistance({ N, gridsize, maxNeighborDistance: null }, relative);
        const M = canvasSide(N, gridsize, distance);
        const farthest = Math.max(...relative.map(Math.abs));
        expect(M).toBeLessThanOrEqual(2 * N + 2 * gridsize);
        if (farthest <= N / 2) expect(N / 2 + farthest).toBeLessThanOrEqual(M / 2);
        expect(M - N).toBeLessThan(2 * farthest + 4 * gridsize);
      }),
    );
  });

  it('is the stated one otherwise, and the pattern itself without neighbours', () => {
    const relative = Float32Array.of(20, -3);
    expect(
      canvasSide(64, 2, neighborDistance({ N: 64, gridsize: 2, maxNeighborDistance: 3 }, relative)),
    ).toBe(68);
    expect(
      canvasSide(64, 1, neighborDistance({ N: 64, gridsize: 1, maxNeighborDistance: null }, relative)),
    ).toBe(64);
  });
});
