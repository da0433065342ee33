import { invalidInput } from '@ptychofleet/base';
import { centreBox, cropComplex, type Box, type ComplexImage } from './complex-image.ts';
import type { Canvas } from './canvas.ts';

/** The smallest box around the scan positions: `[minimum, maximum]` on each axis, in the units of `positions`. */
export function positionRange(positions: Float64Array): { x: [number, number]; y: [number, number] } {
  const x: [number, number] = [Infinity, -Infinity];
  const y: [number, number] = [Infinity, -Infinity];
  for (let i = 0; i < positions.length; i += 2) {
    x[0] = Math.min(x[0], positions[i]);
    x[1] = Math.max(x[1], positions[i]);
    y[0] = Math.min(y[0], positions[i + 1]);
    y[1] = Math.max(y[1], positions[i + 1]);
  }
  return { x, y };
}

/**
 * Brings a truth image to the frame of a reconstruction (inference spec §6.1): the truth is cut to the scan box grown
 * by half a crop (integer parts), then both to the common size about their middles. Leaves up to a pixel of shift.
 *
 * @param positions (n, 2) x, y in pixels of the truth. @param crop pixels used of each patch.
 */
export function cropToScanBox(
  reconstruction: ComplexImage,
  truth: ComplexImage,
  positions: Float64Array,
  crop: number,
): { readonly reconstruction: ComplexImage; readonly truth: ComplexImage } {
  const edge = Math.floor(crop / 2);
  const { x, y } = positionRange(positions);
  const top = Math.max(0, Math.trunc(y[0]) - edge);
  const left = Math.max(0, Math.trunc(x[0]) - edge);
  const bottom = Math.min(truth.height, Math.trunc(y[1]) + edge);
  const right = Math.min(truth.width, Math.trunc(x[1]) + edge);
  if (!(bottom > top && right > left))
    throw invalidInput(
      'positions',
      'a scan outside the truth image',
      `positions inside ${truth.height}×${truth.width} px`,
    );
  const scanned = cropComplex(truth, { top, left, height: bottom - top, width: right - left });
  const height = Math.min(scanned.height, reconstruction.height);
  const width = Math.min(scanned.width, reconstruction.width);
  return {
    reconstruction: cropComplex(reconstruction, centreBox(reconstruction, height, width)),
    truth: cropComplex(scanned, centreBox(scanned, height, width)),
  };
}

/** Border of the scan range that the quality numbers leave out, in pixels (golden `sim` read-me, "Boxes"). */
const scanBorder = 2;

/**
 * The largest fully lit square of the canvas inside the scan range less 2 pixels a side; of equal ones the most central,
 * then the upper, then the left one. Its side is 0 when nothing qualifies.
 *
 * @param positions (n, 2) x, y in scan coordinates; null when they are not known, so that the whole canvas qualifies.
 */
export function largestLitSquare(canvas: Canvas, positions: Float64Array | null): Box {
  const { width } = canvas.image;
  const { top, left, bottom, right } = positions === null ? wholeFrame(canvas) : scanFrame(canvas, positions);
  // side of the largest lit square whose lower right corner is this pixel: one more than its three neighbours allow
  let above = new Int32Array(width + 1);
  let best = { top, left, side: 0, distance: 0 };
  for (let row = top; row < bottom; row++) {
    const sides = new Int32Array(width + 1);
    for (let column = left; column < right; column++) {
      if (canvas.lit[row * width + column] === 0) continue;
      const side = 1 + Math.min(sides[column], above[column], above[column + 1]);
      sides[column + 1] = side;
      if (side < best.side) continue;
      const distance =
        Math.abs(2 * row - side + 1 - (top + bottom - 1)) +
        Math.abs(2 * column - side + 1 - (left + right - 1));
      if (side > best.side || distance < best.distance)
        best = { top: row - side + 1, left: column - side + 1, side, distance };
    }
    above = sides;
  }
  return { top: best.top, left: best.left, height: best.side, width: best.side };
}

interface Edges {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

function wholeFrame({ image }: Canvas): Edges {
  return { top: 0, left: 0, bottom: image.height, right: image.width };
}

function scanFrame(canvas: Canvas, positions: Float64Array): Edges {
  const { x, y } = positionRange(positions);
  return {
    top: Math.max(0, Math.ceil(y[0] - canvas.originY) + scanBorder),
    left: Math.max(0, Math.ceil(x[0] - canvas.originX) + scanBorder),
    bottom: Math.min(canvas.image.height, Math.floor(y[1] - canvas.originY) - scanBorder),
    right: Math.min(canvas.image.width, Math.floor(x[1] - canvas.originX) - scanBorder),
  };
}

/** The lit pixels that have no dark or outside pixel within `distance` pixels along both axes. */
export function erodeLit(canvas: Canvas, distance: number): Uint8Array {
  const { width, height } = canvas.image;
  const across = erodeLines(canvas.lit, height, width, width, 1, distance);
  return erodeLines(across, width, height, 1, width, distance);
}

/** Erosion along lines: `lines` of `length` pixels, `lineStride` apart, pixels `stride` apart. */
function erodeLines(
  lit: Uint8Array,
  lines: number,
  length: number,
  lineStride: number,
  stride: number,
  distance: number,
): Uint8Array {
  const out = new Uint8Array(lit.length);
  for (let line = 0; line < lines; line++) {
    let run = 0;
    for (let i = 0; i < length; i++) {
      run = lit[line * lineStride + i * stride] === 0 ? 0 : run + 1;
      if (run > 2 * distance) out[line * lineStride + (i - distance) * stride] = 1;
    }
  }
  return out;
}
