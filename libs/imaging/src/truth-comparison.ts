import { assert, invalidInput } from '@ptychofleet/base';
import type { Canvas } from './canvas.ts';
import { cropComplex, sameSize, type Box, type ComplexImage } from './complex-image.ts';
import {
  evalLitPixels,
  evalReconstruction,
  type PhaseTrend,
  type PixelMetrics,
  type ReconstructionMetrics,
} from './evaluation.ts';
import { amplitudeScale, ownPhase, phaseDifference, withoutPhase } from './phase-alignment.ts';
import type { Plane } from './plane-fit.ts';
import { registerShift, type Shift } from './registration.ts';
import { erodeLit, largestLitSquare } from './scan-area.ts';
import { residualShift } from './shift-refinement.ts';
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
  /** Registers the truth with the reconstruction first: for measured data, whose truth has its own origin. */
  readonly register?: boolean;
}

export interface TruthComparison {
  /** Metrics in {@link box}, after offset and ramp are removed from the phase. */
  readonly metrics: ReconstructionMetrics;
  /** Pixel metrics over the whole interior of the lit area, which need not be square. */
  readonly interior: { readonly amplitude: PixelMetrics; readonly phase: PixelMetrics };
  /** Where on the canvas the metrics were taken: the largest square inside the scan range that is lit in both. */
  readonly box: Box;
  /** Phase, in radian, of the reconstruction against the truth; coordinates about the middle of {@link box}. */
  readonly phaseRemoved: Plane;
  /** Factor put on the amplitude of {@link reconstruction} and {@link alignedCanvas}. */
  readonly amplitudeScale: number;
  /** Displacement of the truth against the reconstruction that was allowed for, in pixels; zero unless `register`. */
  readonly shift: Shift;
  /** The box of the reconstruction, aligned in phase and amplitude with {@link truth}: what to show beside it. */
  readonly reconstruction: ComplexImage;
  /** The box of the truth without the offset and ramp of its own phase, which could put 2π wraps into the picture. */
  readonly truth: ComplexImage;
  /** The whole canvas, aligned like {@link reconstruction}. */
  readonly alignedCanvas: Canvas;
}

/**
 * How far an object may lie from where the positions that count its pixels say, in pixels: conventions differ by half a
 * pixel to one (inference spec §6.1), refined positions a little more. What registers farther off has met noise or blur.
 */
export const maxAnchoredShift = 3;

/**
 * The part of the disagreement that a shift has to take away where positions say how the images lie. Least squares over a
 * blurred reconstruction drift by up to a pixel and gain 2 % (golden `sim` runs, measured scans), which is not a finding.
 */
const significantGain = 0.05;

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
  const { canvas, truth, positions, crop, trend = 'plane', register = false } = input;
  // cutting the true patches elsewhere moves the reference without ringing and without losing a border
  const referenceAt = (shift: Shift): Canvas => stitchTruePatches(truth, positions, crop, shift);
  const expected = referenceAt(noShift).image;
  if (!sameSize(canvas.image, expected))
    throw invalidInput(
      'canvas',
      `${canvas.image.height}×${canvas.image.width} px`,
      `the ${expected.height}×${expected.width} px of these positions and crop`,
      'pass the positions and crop that the canvas was stitched with',
    );
  return compareInFrame({ canvas, positions, border: crop / 2 }, referenceAt, {
    trend,
    maxShift: register ? maxAnchoredShift : 0,
  });
}

/** A reconstruction to be scored in its own frame. */
export interface FramedReconstruction {
  readonly canvas: Canvas;
  /** (n, 2) x, y of its patches; null when not known. */
  readonly positions: Float64Array | null;
  /** Pixels along the dark that the interior metrics leave out: half the patch side. */
  readonly border: number;
}

export interface ComparisonChoices {
  readonly trend: PhaseTrend;
  /**
   * How far registration may move the reference, in pixels: 0 takes it as it lies, Infinity where nothing is known of its
   * place.
   */
  readonly maxShift: number;
}

/**
 * Scores a reconstruction against a reference that can be had in its frame at any displacement.
 *
 * @param referenceAt the reference in the frame of the reconstruction, whose pixel at r shows the reference at r + `shift`;
 *   lit where it is known.
 * Faults when both share no lit 16 px square inside the scan range.
 */
export function compareInFrame(
  reconstruction: FramedReconstruction,
  referenceAt: (shift: Shift) => Canvas,
  { trend, maxShift }: ComparisonChoices,
): TruthComparison {
  const still = referenceAt(noShift);
  const box = sharedBox(reconstruction, still);
  if (box.height < smallestSide)
    throw invalidInput(
      'reference',
      `a lit square of ${box.height} px in common with the reconstruction`,
      `at least ${smallestSide} px inside the scan range`,
      'compare with the object of the same sample, or a scan with more positions',
    );
  const first = matched(reconstruction, still, box, noShift);
  return scored(reconstruction, registered(reconstruction, referenceAt, first, maxShift), trend);
}

const noShift: Shift = { dy: 0, dx: 0 };

/** Shifts below this are not worth another pass, in pixels: half the grid of the phase correlation. */
const settled = 0.01;

/**
 * Registration by phase correlation (inference spec §6.2), then by least squares. Noise registers with noise at any
 * distance, as amplitudes without contrast do: a shift has to bring the images closer, and not by leaving nearly nothing
 * to compare.
 */
function registered(
  reconstruction: FramedReconstruction,
  referenceAt: (shift: Shift) => Canvas,
  first: Match,
  maxShift: number,
): Match {
  if (maxShift === 0) return first;
  let match = first;
  const moveBy = (step: Shift): boolean => {
    if (Math.hypot(step.dy, step.dx) < settled) return false;
    const shift = { dy: match.shift.dy + step.dy, dx: match.shift.dx + step.dx };
    if (Math.hypot(shift.dy, shift.dx) > maxShift) return false;
    const reference = referenceAt(shift);
    const box = sharedBox(reconstruction, reference);
    if (box.height < Math.max(smallestSide, first.box.height / 2)) return false;
    const next = matched(reconstruction, reference, box, shift);
    if (!(next.disagreement < match.disagreement)) return false;
    match = next;
    return true;
  };
  moveBy(registerShift(first.reference, first.image));
  for (let pass = 0; pass < 6; pass++) {
    const aligned = withoutPhase(match.image, match.phase, match.scale);
    if (!moveBy(residualShift(aligned, match.reference))) break;
  }
  const anchored = maxShift < Infinity;
  return anchored && match.disagreement > (1 - significantGain) * first.disagreement ? first : match;
}

/** A reconstruction and a reference on the part that both know, and what separates them there. */
interface Match {
  readonly shift: Shift;
  readonly referenceCanvas: Canvas;
  readonly box: Box;
  /** The box of either, as it came. */
  readonly image: ComplexImage;
  readonly reference: ComplexImage;
  readonly phase: Plane;
  readonly scale: number;
  /** Squared distance of the aligned images over the squared length of the reference. */
  readonly disagreement: number;
}

function sharedBox({ canvas, positions }: FramedReconstruction, reference: Canvas): Box {
  assert(sameSize(canvas.image, reference.image), 'a reference in the frame of the reconstruction');
  const lit = canvas.lit.map((isLit, i) => isLit & reference.lit[i]);
  return largestLitSquare({ ...canvas, lit }, positions);
}

function matched({ canvas }: FramedReconstruction, referenceCanvas: Canvas, box: Box, shift: Shift): Match {
  const image = cropComplex(canvas.image, box);
  const reference = cropComplex(referenceCanvas.image, box);
  const phase = phaseDifference(image, reference);
  const scale = amplitudeScale(image, reference);
  const disagreement = relativeDistance(withoutPhase(image, phase, scale), reference);
  return { shift, referenceCanvas, box, image, reference, phase, scale, disagreement };
}

function scored({ canvas, border }: FramedReconstruction, match: Match, trend: PhaseTrend): TruthComparison {
  const { box, shift, phase, scale, referenceCanvas } = match;
  // the truth's own offset and ramp mean nothing, and its phase is not unwrapped: without them fewest pixels wrap
  const own = ownPhase(match.reference, trend === 'plane' ? 'ramp' : 'offset');
  const removed = plus(phase, own);
  const reconstruction = withoutPhase(match.image, removed, scale);
  const truth = withoutPhase(match.reference, own);
  const aligned = withoutPhase(canvas.image, aboutMiddleOf(canvas.image, removed, box), scale);
  const flatReference = withoutPhase(referenceCanvas.image, aboutMiddleOf(canvas.image, own, box));
  const inside = erodeLit(canvas, border).map((isLit, i) => isLit & referenceCanvas.lit[i]);
  return {
    metrics: evalReconstruction(reconstruction, truth, trend),
    interior: evalLitPixels(aligned, flatReference, inside, trend),
    box,
    phaseRemoved: phase,
    amplitudeScale: scale,
    shift,
    reconstruction,
    truth,
    alignedCanvas: { ...canvas, image: aligned },
  };
}

function relativeDistance(image: ComplexImage, reference: ComplexImage): number {
  let distance = 0;
  let length = 0;
  for (let i = 0; i < image.re.length; i++) {
    distance += (image.re[i] - reference.re[i]) ** 2 + (image.im[i] - reference.im[i]) ** 2;
    length += reference.re[i] ** 2 + reference.im[i] ** 2;
  }
  return distance / length;
}

function plus(a: Plane, b: Plane): Plane {
  return { offset: a.offset + b.offset, slopeX: a.slopeX + b.slopeX, slopeY: a.slopeY + b.slopeY };
}

/** A plane given about the middle of a box, about the middle of the frame that holds the box. */
function aboutMiddleOf(frame: ComplexImage, plane: Plane, box: Box): Plane {
  const dx = (frame.width - 1) / 2 - (box.left + (box.width - 1) / 2);
  const dy = (frame.height - 1) / 2 - (box.top + (box.height - 1) / 2);
  return { ...plane, offset: plane.offset + plane.slopeX * dx + plane.slopeY * dy };
}
