import { assert } from '@ptychofleet/base';
import { sameSize, type ComplexImage } from './complex-image.ts';
import type { Shift } from './registration.ts';

/**
 * How much farther a reference has to be moved to meet an image: one Gauss-Newton step of
 * `min |image - (1 + s + i (c + a x + b y)) reference(r + shift)|²` over the shift, the scale and the phase plane.
 * Phase correlation of amplitudes (inference spec §6.2) is off by tenths of a pixel where few waves make up an image and
 * its borders do not fit together; this uses the phase too and knows no borders.
 *
 * @param image already aligned with `reference` in phase and amplitude, and to about a pixel.
 * @returns at most a pixel on each axis; zero where the images do not determine it.
 */
export function residualShift(image: ComplexImage, reference: ComplexImage): Shift {
  assert(sameSize(image, reference), 'images of one size');
  const { height, width, re, im } = reference;
  const unknowns = 6;
  const normal = Array.from({ length: unknowns }, () => new Float64Array(unknowns + 1));
  const columnRe = new Float64Array(unknowns);
  const columnIm = new Float64Array(unknowns);
  for (let row = 2; row < height - 2; row++) {
    for (let column = 2; column < width - 2; column++) {
      const i = row * width + column;
      const x = (2 * column) / width - 1;
      const y = (2 * row) / height - 1;
      columnRe.set([slope(re, i, width), slope(re, i, 1), re[i], -im[i], -im[i] * x, -im[i] * y]);
      columnIm.set([slope(im, i, width), slope(im, i, 1), im[i], re[i], re[i] * x, re[i] * y]);
      const errorRe = image.re[i] - re[i];
      const errorIm = image.im[i] - im[i];
      for (let a = 0; a < unknowns; a++) {
        for (let b = 0; b < unknowns; b++)
          normal[a][b] += columnRe[a] * columnRe[b] + columnIm[a] * columnIm[b];
        normal[a][unknowns] += columnRe[a] * errorRe + columnIm[a] * errorIm;
      }
    }
  }
  const solution = solved(normal);
  if (solution === null) return { dy: 0, dx: 0 };
  const within = (pixels: number): number => Math.max(-1, Math.min(1, pixels));
  return { dy: within(solution[0]), dx: within(solution[1]) };
}

/** The derivative to fourth order from the two neighbours on either side, `stride` apart. */
function slope(plane: Float32Array, i: number, stride: number): number {
  return (8 * (plane[i + stride] - plane[i - stride]) - (plane[i + 2 * stride] - plane[i - 2 * stride])) / 12;
}

/** Solves the equations in the rows (coefficients, right side) by elimination with pivots; null when they are singular. */
function solved(rows: Float64Array[]): Float64Array | null {
  const n = rows.length;
  const least = 1e-12 * Math.max(...rows.map((row, i) => Math.abs(row[i])));
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let r = k + 1; r < n; r++) if (Math.abs(rows[r][k]) > Math.abs(rows[pivot][k])) pivot = r;
    if (!(Math.abs(rows[pivot][k]) > least)) return null;
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    for (let r = k + 1; r < n; r++) {
      const factor = rows[r][k] / rows[k][k];
      for (let c = k; c <= n; c++) rows[r][c] -= factor * rows[k][c];
    }
  }
  const solution = new Float64Array(n);
  for (let k = n - 1; k >= 0; k--) {
    let value = rows[k][n];
    for (let c = k + 1; c < n; c++) value -= rows[k][c] * solution[c];
    solution[k] = value / rows[k][k];
  }
  return solution;
}
