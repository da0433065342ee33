import { invalidInput } from '@ptychofleet/base';
import type { Canvas } from './canvas.ts';
import { cropComplex, sameSize, type Box, type ComplexImage } from './complex-image.ts';
import {
  evalLitPixels,
  evalReconstruction,
  type PhaseTrend,
  type PixelMetrics,
  type ReconstructionMetrics,
} from './evaluation.ts';
import { amplitudeScale, phaseDifference, withoutPhase } from './phase-alignment.ts';
import type { Plane } from './plane-fit.ts';
import { registerShift, type Shift } from './registration.ts';
import { erodeLit, largestLitSquare } from './scan-area.ts';
import { stitchTruePatches } from './shift-and-sum.ts';

export interface TruthComparisonInput {
  /** The stitched reconstruction, from shift-and-sum over `positions` with `crop`. */
  readonly canvas: Canvas;
  /** The true object, or the best known one, in the pixels that `positions` count. */
  readonly truth: ComplexImage;
  /** (n, 2) x, y in object pixels: those the canvas was stitched with. */
  readonly positions: Float64Array;
  /** Pixels of each patch that the canvas was stitched from. */
  readonly crop: number;
  readonly trend?: PhaseTrend;
  /** Registers the reconstruction with the truth to 0.02 px first: for measured data, whose truth has its own origin. */
  readonly register?: boolean;
}

export interface TruthComparison {
  /** Metrics in {@link box}, after offset and ramp are removed from the phase. */
  readonly metrics: ReconstructionMetrics;
  /** Pixel metrics over the whole interior of the lit area, which need not be square. */
  readonly interior: { readonly amplitude: PixelMetrics; readonly phase: PixelMetrics };
  /** Where on the canvas the metrics were taken: the largest lit square inside the scan range. */
  readonly box: Box;
  /** Phase, in radian, that was removed from the reconstruction; coordinates about the middle of {@link box}. */
  readonly phaseRemoved: Plane;
  /** Factor put on the amplitude of {@link reconstruction} and {@link alignedCanvas}. */
  readonly amplitudeScale: number;
  /** Displacement of the truth against the reconstruction that was allowed for, in pixels; zero unless `register`. */
  readonly shift: Shift;
  /** The box of the reconstruction, aligned in phase and amplitude: what to show beside {@link truth}. */
  readonly reconstruction: ComplexImage;
  readonly truth: ComplexImage;
  /** The whole canvas, aligned. */
  readonly alignedCanvas: Canvas;
  /** The stitched true patches. */
  readonly referenceCanvas: Canvas;
}

/** Smallest square that the metrics mean something on, in pixels. */
const smallestSide = 16;

/**
 * Scores a stitched reconstruction against the truth by stitching the true patches on the same geometry (inference spec
 * §6.3). The global phase offset, the linear phase ramp and the mean amplitude, which diffraction does not fix, are
 * matched first; this is robust to phase wraps where the published plane fit alone is not.
 *
 * Faults when the canvas does not belong to the positions or the lit scan area holds no 16 px square.
 */
export function compareToTruth(input: TruthComparisonInput): TruthComparison {
  const { canvas, truth, positions, crop, trend = 'plane' } = input;
  const unshifted = stitchTruePatches(truth, positions, crop);
  if (!sameSize(canvas.image, unshifted.image))
    throw invalidInput(
      'canvas',
      `${canvas.image.height}×${canvas.image.width} px`,
      `the ${unshifted.image.height}×${unshifted.image.width} px of these positions and crop`,
      'pass the positions and crop that the canvas was stitched with',
    );
  const box = largestLitSquare(canvas, positions);
  if (box.height < smallestSide)
    throw invalidInput(
      'positions',
      `a lit square of ${box.height} px`,
      `at least ${smallestSide} px inside the scan range`,
      'compare a scan with more positions',
    );
  const image = cropComplex(canvas.image, box);
  const shift = input.register ? registerShift(cropComplex(unshifted.image, box), image) : { dy: 0, dx: 0 };
  // cutting the true patches elsewhere moves the reference without ringing and without losing a border
  const referenceCanvas = input.register ? stitchTruePatches(truth, positions, crop, shift) : unshifted;
  const reference = cropComplex(referenceCanvas.image, box);
  const phaseRemoved = phaseDifference(image, reference);
  const scale = amplitudeScale(image, reference);
  const reconstruction = withoutPhase(image, phaseRemoved, scale);
  const aligned = withoutPhase(canvas.image, aboutMiddleOf(canvas.image, phaseRemoved, box), scale);
  return {
    metrics: evalReconstruction(reconstruction, reference, trend),
    interior: evalLitPixels(aligned, referenceCanvas.image, erodeLit(canvas, crop / 2), trend),
    box,
    phaseRemoved,
    amplitudeScale: scale,
    shift,
    reconstruction,
    truth: reference,
    alignedCanvas: { ...canvas, image: aligned },
    referenceCanvas,
  };
}

/** A plane given about the middle of a box, about the middle of the frame that holds the box. */
function aboutMiddleOf(frame: ComplexImage, plane: Plane, box: Box): Plane {
  const dx = (frame.width - 1) / 2 - (box.left + (box.width - 1) / 2);
  const dy = (frame.height - 1) / 2 - (box.top + (box.height - 1) / 2);
  return { ...plane, offset: plane.offset + plane.slopeX * dx + plane.slopeY * dy };
}
