import type { ObjectImage } from '../scan.ts';

/**
 * Cuts the N × N patch whose pixel (N/2, N/2) lies on (x, y): pixel (row, column) samples the object at
 * (row + y − N/2, column + x − N/2) bilinearly, 0 outside (inference spec §12).
 * @param out (N, N) complex numbers, interleaved.
 */
export function cutPatch(object: ObjectImage, x: number, y: number, N: number, out: Float64Array): void {
  const [left, top] = [Math.floor(x - N / 2), Math.floor(y - N / 2)];
  const [fx, fy] = [x - N / 2 - left, y - N / 2 - top];
  const weights = [(1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx];
  out.fill(0);
  for (let corner = 0; corner < 4; corner++) {
    const weight = weights[corner];
    if (weight === 0) continue;
    for (let row = 0; row < N; row++) {
      const sourceRow = top + row + (corner >> 1);
      if (sourceRow < 0 || sourceRow >= object.height) continue;
      for (let column = 0; column < N; column++) {
        const sourceColumn = left + column + (corner & 1);
        if (sourceColumn < 0 || sourceColumn >= object.width) continue;
        const from = 2 * (sourceRow * object.width + sourceColumn);
        const to = 2 * (row * N + column);
        out[to] += weight * object.data[from];
        out[to + 1] += weight * object.data[from + 1];
      }
    }
  }
}
