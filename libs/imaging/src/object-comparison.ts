import type { Canvas } from './canvas.ts';
import type { ComplexImage } from './complex-image.ts';
import type { PhaseTrend } from './evaluation.ts';
import { placedOn } from './reference-placement.ts';
import type { Shift } from './registration.ts';
import { stitchTruePatches } from './shift-and-sum.ts';
import { stitchingCrop } from './stitching-crop.ts';
import { compareInFrame, maxAnchoredShift, type TruthComparison } from './truth-comparison.ts';

/** A complex object as files hold it: a reconstruction, or an object that was known or found by other means. */
export interface ComparableObject {
  readonly image: ComplexImage;
  /** Scan coordinate (x, y), in object pixels, of the centre of pixel (0, 0); null when not known. */
  readonly origin: { readonly x: number; readonly y: number } | null;
  /** (height, width): 1 where the object is known; null when it is everywhere. */
  readonly lit: Uint8Array | null;
  /** (n, 2) x, y of the patches that it was stitched from; null for an object that was not stitched or does not say. */
  readonly positions: Float64Array | null;
}

/**
 * Scores a reconstruction against a reference (inference spec §6 and §7): brought together by their origins where both
 * have one and by their middles otherwise, registered to 0.02 px, aligned in phase offset, phase ramp and mean amplitude.
 * A reference that was not stitched goes through the stitching of the reconstruction first, if that is known (§6.3).
 *
 * Faults when the two share no lit square of 16 px.
 */
export function compareObjects(
  reconstruction: ComparableObject,
  reference: ComparableObject,
  trend: PhaseTrend = 'plane',
): TruthComparison {
  const { positions } = reconstruction;
  const canvas = canvasOf(reconstruction, reconstruction.origin ?? { x: 0, y: 0 });
  const anchor = reconstruction.origin === null ? null : reference.origin;
  const source = canvasOf(reference, anchor ?? centredOn(canvas, reference.image));
  const crop = positions === null ? null : stitchingCrop(canvas, positions);
  const referenceAt =
    anchor !== null && positions !== null && crop !== null && reference.positions === null
      ? (shift: Shift) => stitchedAlike(canvas, source, positions, crop, shift)
      : (shift: Shift) => placedOn(canvas, source, shift);
  return compareInFrame({ canvas, positions, border: (crop ?? 0) / 2 }, referenceAt, {
    trend,
    maxShift: anchor === null ? Infinity : maxAnchoredShift,
  });
}

function canvasOf({ image, lit }: ComparableObject, origin: { x: number; y: number }): Canvas {
  const everywhere = (): Uint8Array => new Uint8Array(image.height * image.width).fill(1);
  return { image, originX: origin.x, originY: origin.y, lit: lit ?? everywhere() };
}

/** The origin that puts the middle of an image on that of a canvas, to whole pixels (inference spec §6.1). */
function centredOn(canvas: Canvas, image: ComplexImage): { x: number; y: number } {
  const start = (large: number, small: number): number => Math.floor((large - small) / 2);
  const offset = (frame: number, size: number): number =>
    frame >= size ? start(frame, size) : -start(size, frame);
  return {
    x: canvas.originX + offset(canvas.image.width, image.width),
    y: canvas.originY + offset(canvas.image.height, image.height),
  };
}

/** The true patches, stitched as the canvas was; unlit where a patch would reach beyond the object. */
function stitchedAlike(
  canvas: Canvas,
  object: Canvas,
  positions: Float64Array,
  crop: number,
  shift: Shift,
): Canvas {
  const inObject = positions.map((value, i) => value - (i % 2 === 0 ? object.originX : object.originY));
  const stitched = stitchTruePatches(object.image, inObject, crop, shift);
  const originX = stitched.originX + object.originX;
  const originY = stitched.originY + object.originY;
  const placed = placedOn(canvas, { ...stitched, originX, originY }, { dy: 0, dx: 0 });
  const { width } = placed.image;
  const lit = placed.lit.map((isLit, i) => {
    const x = canvas.originX + (i % width) + shift.dx - object.originX;
    const y = canvas.originY + Math.floor(i / width) + shift.dy - object.originY;
    // one pixel less: the samples of patches lie up to a pixel around the pixel of the canvas
    const inside = x >= 1 && y >= 1 && x <= object.image.width - 2 && y <= object.image.height - 2;
    return inside ? isLit : 0;
  });
  return { ...placed, lit };
}
