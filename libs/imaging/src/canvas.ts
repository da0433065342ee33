import { assert, invalidInput } from '@ptychofleet/base';
import type { ComplexImage } from './complex-image.ts';

/** A stitched image with its anchor in scan coordinates. */
export interface Canvas {
  readonly image: ComplexImage;
  /** Scan coordinate x, in object pixels, of the centre of pixel column 0. */
  readonly originX: number;
  /** Scan coordinate y, in object pixels, of the centre of pixel row 0. */
  readonly originY: number;
  /** (height, width): 1 where patches contributed, 0 elsewhere. */
  readonly lit: Uint8Array;
}

/** Bound on canvas pixels: three float64 planes of it are what a stitcher allocates (768 MiB). */
const maxCanvasPixels = 2 ** 25;

/** Centre of mass of scan positions and their largest distance from it along each axis, in pixels. */
export interface ScanExtent {
  readonly comX: number;
  readonly comY: number;
  readonly reachX: number;
  readonly reachY: number;
}

/** @param positions (n, 2) x, y. Faults when there is none or one is not a number. */
export function scanExtent(positions: Float64Array): ScanExtent {
  const count = positions.length / 2;
  assert(Number.isInteger(count), `positions are (n, 2), got ${positions.length} numbers`);
  if (count === 0) throw invalidInput('positions', 'none', 'at least one scan position');
  let comX = 0;
  let comY = 0;
  for (let i = 0; i < count; i++) {
    comX += positions[2 * i];
    comY += positions[2 * i + 1];
  }
  comX /= count;
  comY /= count;
  if (!Number.isFinite(comX + comY))
    throw invalidInput('positions', `mean ${comX}, ${comY}`, 'finite numbers');
  let reachX = 0;
  let reachY = 0;
  for (let i = 0; i < count; i++) {
    reachX = Math.max(reachX, Math.abs(positions[2 * i] - comX));
    reachY = Math.max(reachY, Math.abs(positions[2 * i + 1] - comY));
  }
  return { comX, comY, reachX, reachY };
}

/**
 * The weighted sum of bilinearly placed patches, in float64. Patches enter in index order, so that the
 * sum has the same bits whoever computed the patches and whenever they arrived.
 */
export class CanvasAccumulator {
  readonly height: number;
  readonly width: number;
  readonly re: Float64Array;
  readonly im: Float64Array;
  readonly weights: Float64Array;

  constructor(height: number, width: number) {
    if (height * width > maxCanvasPixels)
      throw invalidInput(
        'positions',
        `a scan that needs ${height}×${width} canvas pixels`,
        `at most ${maxCanvasPixels} pixels`,
        'check that positions are in object pixels',
      );
    this.height = height;
    this.width = width;
    this.re = new Float64Array(height * width);
    this.im = new Float64Array(height * width);
    this.weights = new Float64Array(height * width);
  }

  /**
   * Adds one patch: its pixel (0, 0) lands between four canvas pixels from (floor(v), floor(u)) on, with the
   * weights of bilinear interpolation (inference spec §4.2; the transpose of the gather in model spec §6.2).
   *
   * @param crops interleaved patches; patch `index` of side `side` is read. @param pixelWeights (side, side) or null for ones.
   */
  scatter(
    crops: Float32Array,
    index: number,
    side: number,
    u: number,
    v: number,
    pixelWeights: Float64Array | null,
  ): void {
    const left = Math.floor(u);
    const top = Math.floor(v);
    for (let down = 0; down < 2; down++) {
      for (let right = 0; right < 2; right++) {
        const share = (down === 1 ? v - top : 1 - (v - top)) * (right === 1 ? u - left : 1 - (u - left));
        // a patch on an integer position touches no second row or column, which may lie outside
        if (share === 0) continue;
        this.#addShifted(crops, index, side, left + right, top + down, share, pixelWeights);
      }
    }
  }

  #addShifted(
    crops: Float32Array,
    index: number,
    side: number,
    left: number,
    top: number,
    share: number,
    pixelWeights: Float64Array | null,
  ): void {
    const { re, im, weights, width } = this;
    assert(
      left >= 0 && top >= 0 && left + side <= width && top + side <= this.height,
      `patch at ${left}, ${top} leaves the canvas`,
    );
    for (let row = 0; row < side; row++) {
      let from = 2 * (index * side + row) * side;
      let to = (top + row) * width + left;
      for (let column = 0; column < side; column++, from += 2, to++) {
        const weight = pixelWeights === null ? share : share * pixelWeights[row * side + column];
        re[to] += weight * crops[from];
        im[to] += weight * crops[from + 1];
        weights[to] += weight;
      }
    }
  }

  /** The weighted mean: sums over `weights + floor`; a pixel counts as lit when its weight exceeds `litAbove`. */
  normalise(floor: number, litAbove: number, originX: number, originY: number): Canvas {
    const { height, width } = this;
    const pixels = height * width;
    const image = { height, width, re: new Float32Array(pixels), im: new Float32Array(pixels) };
    const lit = new Uint8Array(pixels);
    for (let i = 0; i < pixels; i++) {
      image.re[i] = this.re[i] / (this.weights[i] + floor);
      image.im[i] = this.im[i] / (this.weights[i] + floor);
      lit[i] = this.weights[i] > litAbove ? 1 : 0;
    }
    return { image, originX, originY, lit };
  }
}
