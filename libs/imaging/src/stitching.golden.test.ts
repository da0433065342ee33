import { describe, expect, it } from 'vitest';
import {
  BarycentricStitcher,
  centralCrops,
  probeWeights,
  shiftAndSum,
  stitchBarycentric,
  toInterleaved,
} from './index.ts';
import { describeGolden, positionsOf, relativeDifference } from './golden.test-support.ts';

describeGolden('stitching against the published code', ['stitching.npz'], (golden) => {
  const patches = { count: 12, side: 32, values: golden.complex('patches') };
  const positions = positionsOf(golden, 'xy');
  const middle = golden.scalar('middle');

  it.each([10, 16])('shift-and-sum of the central %i pixels', (crop) => {
    const canvas = shiftAndSum(patches, positions, crop);
    const key = `tf_reassemble_position_M${crop}`;
    expect([canvas.image.height, canvas.image.width]).toEqual(golden.shape(key));
    expect(relativeDifference(toInterleaved(canvas.image), golden.complex(key))).toBeLessThan(1e-5);
  });

  it('shift-and-sum of the other back end, which was fed mirrored positions', () => {
    const crop = 20;
    const canvas = shiftAndSum(
      patches,
      positions.map((value) => -value),
      crop,
    );
    expect(canvas.image.height).toBe(golden.scalar('crop_route_size'));
    expect(relativeDifference(toInterleaved(canvas.image), golden.complex('crop_route'))).toBeLessThan(2e-5);
    expect([...canvas.lit]).toEqual([...golden.numbers('crop_route_mask')]);
  });

  it.each(['probe', 'uniform'] as const)('barycentric with %s weights', (kind) => {
    const weights = kind === 'probe' ? Float64Array.from(golden.numbers('probe_mag_sq')) : null;
    const { canvas, skipped } = stitchBarycentric(patches, positions, middle, weights);
    expect(skipped).toBe(0);
    expect([canvas.image.height, canvas.image.width]).toEqual([...golden.numbers('canvas_shape')]);
    const expected = golden.complex(`bary_${kind}_canvas`);
    expect(relativeDifference(toInterleaved(canvas.image), expected)).toBeLessThan(2e-5);
    expect(canvas.originX).toBeCloseTo(golden.numbers('com')[0] - canvas.image.width / 2, 4);
    expect(canvas.originY).toBeCloseTo(golden.numbers('com')[1] - canvas.image.height / 2, 4);
  });

  it.each([
    ['the whole canvas with equal weights', 'canvas_shape', 'positions_px', 'bary_plain_counts', null],
    [
      'a tight canvas with probe weights',
      'drop_canvas_shape',
      'drop_positions',
      'drop_weights',
      'probe_mag_sq',
    ],
  ])('barycentric sums on %s', (_, shapeKey, positionsKey, expectedKey, probeKey) => {
    const [height, width] = golden.numbers(shapeKey);
    const placed = golden.numbers(positionsKey);
    const crops = centralCrops(patches, middle).values;
    const weights = probeKey === null ? null : Float64Array.from(golden.numbers(probeKey));
    const stitcher = new BarycentricStitcher({ height, width, middle, weights });
    for (let i = 0; i < 12; i++) stitcher.add(i, placed[2 * i], placed[2 * i + 1], crops, i);
    expect(12 - stitcher.skipped).toBe(golden.scalar('drop_accepted'));
    expect(relativeDifference(stitcher.sum.weights, golden.numbers(expectedKey))).toBeLessThan(1e-6);
    if (weights !== null) return;
    const plane = {
      height,
      width,
      re: Float32Array.from(stitcher.sum.re),
      im: Float32Array.from(stitcher.sum.im),
    };
    expect(relativeDifference(toInterleaved(plane), golden.complex('bary_plain_sum'))).toBeLessThan(1e-6);
  });
});

describe('probe weights', () => {
  it('are the summed intensity of the modes at the central pixels', () => {
    const re = Float32Array.from({ length: 32 }, (_, i) => i);
    const im = Float32Array.from({ length: 32 }, (_, i) => 2 * i);
    const at = (i: number) => 5 * (i * i + (i + 16) ** 2);
    expect([...probeWeights(re, im, 4, 2)]).toEqual([at(5), at(6), at(9), at(10)]);
    expect(() => probeWeights(re, im, 4, 6)).toThrow(
      'middleTrim: received 6, expected at most the probe side 4',
    );
  });
});
