import { assert, invalidInput } from '@ptychofleet/base';
import {
  amplitudeOf,
  cropComplex,
  cropPlane,
  innerBox,
  phaseOf,
  sameSize,
  type ComplexImage,
  type RealImage,
} from './complex-image.ts';
import { weightedMean, withoutTrend } from './plane-fit.ts';
import { fourierRingCorrelation, ringCutoff } from './ring-correlation.ts';
import { multiScaleSimilarity, structuralSimilarity, valueRange } from './similarity.ts';

/** Pixel-wise agreement of a quantity with its truth. Amplitudes are relative, phases in radian. */
export interface PixelMetrics {
  readonly mae: number;
  readonly mse: number;
  /** `10 log10(255² / MSE)` dB; the published constant, though data are of order 1. Infinite for identical images. */
  readonly psnr: number;
  readonly ssim: number;
  readonly msSsim: number;
}

/** {@link PixelMetrics} and Fourier ring correlation; cut-offs in rings, that is cycles per image. */
export interface QuantityMetrics extends PixelMetrics {
  readonly frc: Float64Array;
  readonly frc50: number;
  readonly frc1over7: number;
}

export interface ReconstructionMetrics {
  readonly amplitude: QuantityMetrics;
  readonly phase: QuantityMetrics;
  /** Pixels a side of the square that the ring correlations were taken on: ring `frcSide/2` is Nyquist. */
  readonly frcSide: number;
}

/** What is taken from each phase image before the comparison: its own least-squares plane or its mean. */
export type PhaseTrend = 'plane' | 'mean';

/**
 * The published quality metrics of a reconstruction against truth of the same size (inference spec §7): 2 pixels are
 * cut from every side, the mean amplitude is matched, the trend is removed from both phases.
 */
export function evalReconstruction(
  reconstruction: ComplexImage,
  truth: ComplexImage,
  trend: PhaseTrend = 'plane',
): ReconstructionMetrics {
  const { amplitude, phase } = comparableQuantities(reconstruction, truth, trend);
  return {
    amplitude: withRings(amplitudeMetrics(amplitude), amplitude),
    phase: withRings(phaseMetrics(phase), phase),
    frcSide: Math.min(truth.height, truth.width) - 2 * trim,
  };
}

/**
 * The pixel metrics of {@link evalReconstruction} over the lit pixels alone, for scans that leave parts of the frame
 * dark. SSIM counts windows without a dark pixel. Ring correlations have no masked form: a mask correlates with itself.
 *
 * @param lit (height, width), at least one pixel lit 2 px away from the border.
 */
export function evalLitPixels(
  reconstruction: ComplexImage,
  truth: ComplexImage,
  lit: Uint8Array,
  trend: PhaseTrend = 'plane',
): { readonly amplitude: PixelMetrics; readonly phase: PixelMetrics } {
  const mask = cropPlane(lit, truth, innerBox(truth, trim));
  if (!mask.includes(1)) throw invalidInput('lit', 'no lit pixel', 'at least one lit pixel inside the frame');
  const { amplitude, phase } = comparableQuantities(reconstruction, truth, trend, mask);
  return { amplitude: amplitudeMetrics(amplitude, mask), phase: phaseMetrics(phase, mask) };
}

/** Pixels cut from every side: half the published `offset` of 4. */
const trim = 2;

interface Pair {
  readonly truth: RealImage;
  readonly image: RealImage;
}

function comparableQuantities(
  reconstruction: ComplexImage,
  truth: ComplexImage,
  trend: PhaseTrend,
  lit?: Uint8Array,
): { amplitude: Pair; phase: Pair } {
  assert(sameSize(reconstruction, truth), 'reconstruction and truth of one size');
  const smallest = 7 + 2 * trim;
  if (Math.min(truth.height, truth.width) < smallest)
    throw invalidInput('image', `${truth.height}×${truth.width} px`, `at least ${smallest} px a side`);
  const box = innerBox(truth, trim);
  const rec = cropComplex(reconstruction, box);
  const ref = cropComplex(truth, box);
  return {
    amplitude: meanMatched({ truth: amplitudeOf(ref), image: amplitudeOf(rec) }, lit),
    phase: { truth: withoutTrend(phaseOf(ref), trend, lit), image: withoutTrend(phaseOf(rec), trend, lit) },
  };
}

function meanMatched({ truth, image }: Pair, lit?: Uint8Array): Pair {
  const scale = weightedMean(truth, lit) / weightedMean(image, lit);
  return { truth, image: { ...image, values: Float64Array.from(image.values, (value) => scale * value) } };
}

function amplitudeMetrics({ truth, image }: Pair, lit?: Uint8Array): PixelMetrics {
  const ssim = structuralSimilarity(truth, image, rangeOver(truth, lit), lit);
  return { ...pixelErrors(truth, image, lit), ssim, msSsim: multiScaleSimilarity(truth, image, 1, lit) };
}

function phaseMetrics({ truth, image }: Pair, lit?: Uint8Array): PixelMetrics {
  const t = asTurn(truth);
  const p = asTurn(image);
  const ssim = structuralSimilarity(t, p, 1, lit);
  return { ...pixelErrors(truth, image, lit), ssim, msSsim: multiScaleSimilarity(t, p, 0, lit) };
}

function withRings(pixels: PixelMetrics, { truth, image }: Pair): QuantityMetrics {
  const frc = fourierRingCorrelation(truth, image);
  return { ...pixels, frc, frc50: ringCutoff(frc, 0.5), frc1over7: ringCutoff(frc, 1 / 7) };
}

/** Mean absolute error, mean squared error and PSNR (inference spec §7). */
export function pixelErrors(
  truth: RealImage,
  image: RealImage,
  lit?: Uint8Array,
): { readonly mae: number; readonly mse: number; readonly psnr: number } {
  assert(sameSize(truth, image), 'images of one size');
  let absolute = 0;
  let squared = 0;
  let pixels = 0;
  for (let i = 0; i < truth.values.length; i++) {
    if (lit !== undefined && lit[i] === 0) continue;
    const error = truth.values[i] - image.values[i];
    absolute += Math.abs(error);
    squared += error * error;
    pixels++;
  }
  const mse = squared / pixels;
  return { mae: absolute / pixels, mse, psnr: 10 * Math.log10(255 ** 2 / mse) };
}

/** Phases in radian as fractions of a turn: -π is 0, π is 1. */
function asTurn(phase: RealImage): RealImage {
  return { ...phase, values: Float64Array.from(phase.values, (v) => (v + Math.PI) / (2 * Math.PI)) };
}

function rangeOver(image: RealImage, lit?: Uint8Array): number {
  const values = lit === undefined ? image.values : image.values.filter((_, i) => lit[i] !== 0);
  return valueRange({ ...image, values });
}
