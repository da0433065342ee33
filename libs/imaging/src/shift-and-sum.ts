import { assert, invalidInput } from '@ptychofleet/base';
import { CanvasAccumulator, scanExtent, type Canvas } from './canvas.ts';
import type { ComplexImage } from './complex-image.ts';
import { centralCrops, patchesOfObject, type PatchStack } from './patches.ts';
import type { Shift } from './registration.ts';

/**
 * Shift-and-sum stitching (inference spec §3), patch by patch: every crop is put where its scan position says and the
 * canvas is the mean of what overlaps. The square canvas has `crop + 2 pad` pixels a side and its pixel `side/2` lies on
 * the mean position.
 */
export class ShiftAndSumStitcher {
  readonly count: number;
  readonly crop: number;
  /** Pixels on a side of the canvas. */
  readonly side: number;
  readonly #positions: Float64Array;
  readonly #comX: number;
  readonly #comY: number;
  readonly #pad: number;
  readonly #sum: CanvasAccumulator;
  #next = 0;

  /** @param positions (n, 2) x, y of every patch in object pixels. @param crop pixels used of each patch, even. */
  constructor(positions: Float64Array, crop: number) {
    if (!Number.isInteger(crop) || crop < 2 || crop % 2 !== 0)
      throw invalidInput('crop', crop, 'an even number of pixels, at least 2');
    const { comX, comY, reachX, reachY } = scanExtent(positions);
    const pad = Math.ceil(Math.max(reachX, reachY));
    this.count = positions.length / 2;
    this.crop = crop;
    this.#positions = positions;
    this.#comX = comX;
    this.#comY = comY;
    this.#pad = pad + (pad % 2);
    this.side = crop + 2 * this.#pad;
    this.#sum = new CanvasAccumulator(this.side, this.side);
  }

  /** Patches added so far: the index that the next one must have. */
  get added(): number {
    return this.#next;
  }

  /**
   * Adds the patches `index, index+1, …`. They must come in index order, because a float sum depends on its order.
   *
   * @param crops (k, crop, crop, 2) interleaved re, im.
   */
  add(index: number, crops: Float32Array): void {
    const count = crops.length / (2 * this.crop * this.crop);
    assert(Number.isInteger(count), `crops are not whole ${this.crop}×${this.crop} patches: ${crops.length}`);
    assert(index === this.#next, `patch ${index} came when ${this.#next} was due`);
    assert(index + count <= this.count, `patch ${index + count - 1} of ${this.count}`);
    for (let i = 0; i < count; i++) {
      // the distance first: it is what `pad` was taken from, so rounding cannot push a patch off the canvas
      const u = this.#pad + (this.#positions[2 * (index + i)] - this.#comX);
      const v = this.#pad + (this.#positions[2 * (index + i) + 1] - this.#comY);
      this.#sum.scatter(crops, i, this.crop, u, v, null);
    }
    this.#next += count;
  }

  /** The canvas. Asserts that every patch was added. */
  result(): Canvas {
    assert(this.#next === this.count, `stitched ${this.#next} of ${this.count} patches`);
    return this.#sum.normalise(1e-9, 1e-6, this.#comX - this.side / 2, this.#comY - this.side / 2);
  }
}

/** {@link ShiftAndSumStitcher} over patches of any side ≥ `crop`. */
export function shiftAndSum(patches: PatchStack, positions: Float64Array, crop: number): Canvas {
  assert(
    patches.count * 2 === positions.length,
    `${patches.count} patches, ${positions.length / 2} positions`,
  );
  const stitcher = new ShiftAndSumStitcher(positions, crop);
  stitcher.add(0, centralCrops(patches, crop).values);
  return stitcher.result();
}

/**
 * What a perfect network would give: the true patches of an object, stitched at the same positions with the same
 * code, so that it shares every pixel of geometry and blur with the reconstruction (inference spec §6.3).
 *
 * @param shift displacement, in pixels, between where a patch is placed and where it is cut from the object.
 */
export function stitchTruePatches(
  object: ComplexImage,
  positions: Float64Array,
  crop: number,
  shift: Shift = { dy: 0, dx: 0 },
): Canvas {
  const stitcher = new ShiftAndSumStitcher(positions, crop);
  const cutAt = positions.map((value, i) => value + (i % 2 === 0 ? shift.dx : shift.dy));
  // in chunks: a scan's patches together can be far larger than its canvas
  const chunk = 256;
  for (let index = 0; index < stitcher.count; index += chunk)
    stitcher.add(index, patchesOfObject(object, cutAt.subarray(2 * index, 2 * (index + chunk)), crop).values);
  return stitcher.result();
}
