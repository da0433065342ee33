import type { Canvas } from './canvas.ts';
import { positionRange } from './scan-area.ts';

/** What rounding may have moved a position against the pixel grid, and the least share that counts as light. */
const tolerance = 1e-6;

/**
 * The patch side that a canvas was stitched with, read from how far its lit area reaches beyond the scan positions on
 * all four sides; null when the sides disagree, that is when the canvas was not stitched from patches at these positions.
 *
 * @param positions (n, 2) x, y in scan coordinates.
 */
export function stitchingCrop(canvas: Canvas, positions: Float64Array): number | null {
  const { width, height } = canvas.image;
  const { x, y } = positionRange(positions);
  const rows = litRange(height, (row) => canvas.lit.subarray(row * width, (row + 1) * width).includes(1));
  const columns = litRange(width, (column) => {
    for (let row = 0; row < height; row++) if (canvas.lit[row * width + column] !== 0) return true;
    return false;
  });
  if (rows === null || columns === null) return null;
  // a patch at p covers pixels floor(p) - crop/2 … ceil(p) + crop/2 - 1
  const halves = [
    Math.floor(y[0] - canvas.originY + tolerance) - rows.first,
    rows.last + 1 - Math.ceil(y[1] - canvas.originY - tolerance),
    Math.floor(x[0] - canvas.originX + tolerance) - columns.first,
    columns.last + 1 - Math.ceil(x[1] - canvas.originX - tolerance),
  ];
  return halves[0] >= 1 && halves.every((half) => half === halves[0]) ? 2 * halves[0] : null;
}

function litRange(count: number, isLit: (index: number) => boolean): { first: number; last: number } | null {
  let first = 0;
  while (first < count && !isLit(first)) first++;
  if (first === count) return null;
  let last = count - 1;
  while (!isLit(last)) last--;
  return { first, last };
}
