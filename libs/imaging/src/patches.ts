import { assert, invalidInput } from '@ptychofleet/base';
import type { ComplexImage } from './complex-image.ts';

/** Square complex patches, interleaved: `values` is (count, side, side, 2) re, im, the layout a network predicts in. */
export interface PatchStack {
  readonly count: number;
  readonly side: number;
  readonly values: Float32Array;
}

/** The central `side` pixels of every patch, from `N/2 - floor(side/2)` on (inference spec §3 and §4.3). */
export function centralCrops(patches: PatchStack, side: number): PatchStack {
  if (!Number.isInteger(side) || side < 1 || side > patches.side)
    throw invalidInput('crop', side, `an integer from 1 to the patch side ${patches.side}`);
  const start = patches.side / 2 - Math.floor(side / 2);
  assert(Number.isInteger(start), `patch side must be even: ${patches.side}`);
  const values = new Float32Array(patches.count * side * side * 2);
  for (let index = 0; index < patches.count; index++) {
    for (let row = 0; row < side; row++) {
      const from = 2 * ((index * patches.side + start + row) * patches.side + start);
      values.set(patches.values.subarray(from, from + 2 * side), 2 * (index * side + row) * side);
    }
  }
  return { count: patches.count, side, values };
}

/**
 * The true patches of an object: pixel (row, column) of a patch samples the object at
 * `(row + y - side/2, column + x - side/2)`, bilinearly, zero outside (inference spec §12).
 * The central crop of a larger patch at the same position is the same samples, so `side` may be the stitching crop.
 *
 * @param positions (n, 2) x, y of the patches in object pixels. @param side even.
 */
export function patchesOfObject(object: ComplexImage, positions: Float64Array, side: number): PatchStack {
  assert(side % 2 === 0, `patch side must be even: ${side}`);
  const count = positions.length / 2;
  const values = new Float32Array(count * side * side * 2);
  for (let index = 0; index < count; index++) {
    const left = Math.floor(positions[2 * index]) - side / 2;
    const top = Math.floor(positions[2 * index + 1]) - side / 2;
    const fx = positions[2 * index] - Math.floor(positions[2 * index]);
    const fy = positions[2 * index + 1] - Math.floor(positions[2 * index + 1]);
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const at = 2 * ((index * side + row) * side + column);
        sampleInto(values, at, object, top + row, left + column, fy, fx);
      }
    }
  }
  return { count, side, values };
}

/** Bilinear sample between the four pixels from (row, column) on; each pixel outside the object counts as 0. */
function sampleInto(
  values: Float32Array,
  at: number,
  object: ComplexImage,
  row: number,
  column: number,
  fy: number,
  fx: number,
): void {
  let re = 0;
  let im = 0;
  for (let corner = 0; corner < 4; corner++) {
    const down = corner >> 1;
    const right = corner & 1;
    const y = row + down;
    const x = column + right;
    if (y < 0 || x < 0 || y >= object.height || x >= object.width) continue;
    const weight = (down === 1 ? fy : 1 - fy) * (right === 1 ? fx : 1 - fx);
    re += weight * object.re[y * object.width + x];
    im += weight * object.im[y * object.width + x];
  }
  values[at] = re;
  values[at + 1] = im;
}
