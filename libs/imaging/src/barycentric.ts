import { assert, invalidInput } from '@ptychofleet/base';
import { CanvasAccumulator, scanExtent, type Canvas } from './canvas.ts';
import { centralCrops, type PatchStack } from './patches.ts';

export interface BarycentricCanvas {
  readonly height: number;
  readonly width: number;
  /** Pixels used of each patch ("middle trim"). */
  readonly middle: number;
  /** (middle, middle) weight of each patch pixel; null weighs all alike. */
  readonly weights: Float64Array | null;
}

/** Weighted barycentric accumulation (inference spec §4.2) of patches at positions given in canvas pixels. */
export class BarycentricStitcher {
  readonly sum: CanvasAccumulator;
  readonly #canvas: BarycentricCanvas;
  #next = 0;
  #skipped = 0;

  constructor(canvas: BarycentricCanvas) {
    const { middle, weights } = canvas;
    if (!Number.isInteger(middle) || middle < 1)
      throw invalidInput('middleTrim', middle, 'a whole number of pixels, at least 1');
    assert(
      weights === null || weights.length === middle ** 2,
      'one weight for each pixel of the trimmed patch',
    );
    this.sum = new CanvasAccumulator(canvas.height, canvas.width);
    this.#canvas = canvas;
  }

  /** Patches left out because they would leave the canvas. */
  get skipped(): number {
    return this.#skipped;
  }

  /**
   * Adds one patch whose centre lies on canvas pixel (x, y). Patches must come in index order, because a float sum
   * depends on its order.
   *
   * @param crops (k, middle, middle, 2); patch `offset` of it is read.
   */
  add(index: number, x: number, y: number, crops: Float32Array, offset: number): void {
    assert(index === this.#next, `patch ${index} came when ${this.#next} was due`);
    this.#next++;
    const { height, width, middle, weights } = this.#canvas;
    const u = x - middle / 2;
    const v = y - middle / 2;
    const i = Math.floor(u);
    const j = Math.floor(v);
    if (i >= 0 && j >= 0 && i + middle + 1 < width && j + middle + 1 < height)
      this.sum.scatter(crops, offset, middle, u, v, weights);
    else this.#skipped++;
  }
}

/**
 * Barycentric stitching of a scan (inference spec §4): canvas `2 middle + 2 reach` a side, centre on the mean position.
 * A pixel counts as lit when its weight exceeds a millionth of the largest patch weight.
 *
 * @param positions (n, 2) x, y in object pixels. @param weights {@link probeWeights} or null for `uniform`.
 */
export function stitchBarycentric(
  patches: PatchStack,
  positions: Float64Array,
  middle: number,
  weights: Float64Array | null,
): { readonly canvas: Canvas; readonly skipped: number } {
  assert(
    patches.count * 2 === positions.length,
    `${patches.count} patches, ${positions.length / 2} positions`,
  );
  const { comX, comY, reachX, reachY } = scanExtent(positions);
  const height = 2 * middle + 2 * Math.ceil(reachY);
  const width = 2 * middle + 2 * Math.ceil(reachX);
  const stitcher = new BarycentricStitcher({ height, width, middle, weights });
  const crops = centralCrops(patches, middle).values;
  for (let i = 0; i < patches.count; i++)
    stitcher.add(i, positions[2 * i] - comX + width / 2, positions[2 * i + 1] - comY + height / 2, crops, i);
  const heaviest = weights === null ? 1 : weights.reduce((a, b) => Math.max(a, b), 0);
  const canvas = stitcher.sum.normalise(1e-12, 1e-6 * heaviest, comX - width / 2, comY - height / 2);
  return { canvas, skipped: stitcher.skipped };
}

/**
 * `sum_p |P_p|^2` at the central `middle` pixels (inference spec §4.2): light weighs what it constrains.
 *
 * @param re, im (modes, side, side) probe modes.
 */
export function probeWeights(re: Float32Array, im: Float32Array, side: number, middle: number): Float64Array {
  assert(re.length === im.length && re.length % side ** 2 === 0, 'whole probe modes of equal size');
  if (middle > side) throw invalidInput('middleTrim', middle, `at most the probe side ${side}`);
  const start = side / 2 - Math.floor(middle / 2);
  const weights = new Float64Array(middle * middle);
  for (let mode = 0; mode < re.length; mode += side * side) {
    for (let row = 0; row < middle; row++) {
      for (let column = 0; column < middle; column++) {
        const at = mode + (start + row) * side + start + column;
        weights[row * middle + column] += re[at] ** 2 + im[at] ** 2;
      }
    }
  }
  return weights;
}
