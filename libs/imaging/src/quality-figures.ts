import { assert } from '@ptychofleet/base';
import { amplitudeOf, phaseOf, type ComplexImage, type RealImage } from './complex-image.ts';
import { drawCurves, type CurveFigure } from './curve-figure.ts';
import { robustRange, type DisplayRange } from './display-range.ts';
import { drawPanels, margin, type ImagePanel } from './image-figure.ts';
import { ringCutoff } from './ring-correlation.ts';
import { rasterise } from './svg.ts';
import type { TruthComparison } from './truth-comparison.ts';

export interface FrcCurve {
  readonly label: string;
  /** Ring correlation of images of `side` pixels, ring 0 first. For metrics, `side` is their `frcSide`. */
  readonly frc: Float64Array;
  readonly side: number;
}

/**
 * Fourier ring correlation against spatial frequency up to Nyquist, with the 1/2 and 1/7 thresholds and the FRC50
 * crossings marked. Ring 0 is left out: it is rounding noise for images without a mean.
 */
export function frcFigure(title: string, curves: readonly FrcCurve[]): CurveFigure {
  return {
    title,
    xLabel: 'spatial frequency / Nyquist frequency',
    yLabel: 'Fourier ring correlation',
    xDomain: [0, 1],
    yDomain: [0, 1.02],
    hlines: [
      { y: 0.5, label: '1/2' },
      { y: 1 / 7, label: '1/7' },
    ],
    series: curves.map(({ label, frc, side }) => {
      const rings = Math.min(Math.floor(side / 2), frc.length - 1);
      const cutoff = ringCutoff(frc, 0.5) / (side / 2);
      const inside = cutoff <= 1;
      return {
        label: `${label} (FRC50 ${inside ? `at ${cutoff.toFixed(2)}` : 'not reached'})`,
        x: Float64Array.from({ length: rings }, (_, i) => (i + 1) / (side / 2)),
        y: frc.subarray(1, rings + 1),
        marks: inside ? [{ x: cutoff, y: 0.5 }] : [],
      };
    }),
  };
}

export interface ShownComparison {
  /** What the reconstruction is called, for example where it comes from. */
  readonly label: string;
  readonly comparison: TruthComparison;
}

/**
 * Reconstructions against their reference, as PNG bytes: for each a row of amplitudes and one of phases with
 * reconstruction, reference and difference, all rows on common scales, and under them the ring correlations.
 *
 * @param referenceName what the reference is called: a conventional reconstruction is no `Truth`.
 */
export function renderComparison(
  title: string,
  shown: readonly ShownComparison[],
  referenceName: string,
): Uint8Array {
  assert(shown.length > 0, 'a comparison of nothing');
  const rows = [
    quantityRows(shown, referenceName, amplitudeOf, difference, {
      colormap: 'gray',
      label: 'amplitude',
      scores: ({ metrics }) => metrics.amplitude,
    }),
    quantityRows(shown, referenceName, phaseOf, phaseError, {
      colormap: 'viridis',
      label: 'phase',
      unit: 'rad',
      scores: ({ metrics }) => metrics.phase,
    }),
  ];
  const panels = drawPanels(
    title,
    shown.flatMap((_, i) => rows.map((quantity) => quantity[i])),
    480,
  );
  const width = panels.width / 2;
  const frame = { y: panels.height, width, height: curvesHeight, titleSize: 21 };
  const curvesOf = (quantity: 'amplitude' | 'phase'): FrcCurve[] =>
    shown.map(({ label, comparison: { metrics } }) => ({
      label,
      frc: metrics[quantity].frc,
      side: metrics.frcSide,
    }));
  return rasterise(
    panels.width,
    panels.height + curvesHeight + margin,
    panels.markup,
    drawCurves(frcFigure('Fourier ring correlation of the amplitudes', curvesOf('amplitude')), {
      ...frame,
      x: 0,
      clipId: 'amplitudes',
    }),
    drawCurves(frcFigure('Fourier ring correlation of the phases', curvesOf('phase')), {
      ...frame,
      x: width,
      clipId: 'phases',
    }),
  );
}

const curvesHeight = 560;

interface Quantity {
  readonly colormap: 'gray' | 'viridis';
  readonly label: string;
  readonly unit?: string;
  readonly scores: (comparison: TruthComparison) => Scores;
}

interface Scores {
  readonly ssim: number;
  readonly psnr: number;
  readonly mae: number;
}

/** Reconstruction, reference and difference of one quantity, a row for each reconstruction. */
function quantityRows(
  shown: readonly ShownComparison[],
  referenceName: string,
  valuesOf: (image: ComplexImage) => RealImage,
  errorOf: (image: ComplexImage, reference: ComplexImage) => RealImage,
  { scores, ...quantity }: Quantity,
): ImagePanel[][] {
  const range = robustRange(valuesOf(shown[0].comparison.truth));
  const errors = shown.map(({ comparison }) => errorOf(comparison.reconstruction, comparison.truth));
  const errorRange = symmetric(errors.map((error) => robustRange(error)));
  return shown.map(({ label, comparison }, i) => [
    {
      title: label,
      image: valuesOf(comparison.reconstruction),
      range,
      ...quantity,
      note: scoreNote(scores(comparison)),
    },
    {
      title: referenceName,
      image: valuesOf(comparison.truth),
      range,
      ...quantity,
      note: placeNote(comparison),
    },
    {
      title: 'Difference',
      image: errors[i],
      range: errorRange,
      ...quantity,
      colormap: 'diverging',
      label: `${quantity.label} difference`,
    },
  ]);
}

/** The range about zero that holds all of them. */
function symmetric(ranges: readonly DisplayRange[]): DisplayRange {
  const reach = Math.max(...ranges.flatMap(({ min, max }) => [Math.abs(min), Math.abs(max)]));
  return { min: -reach, max: reach };
}

function scoreNote({ ssim, psnr, mae }: Scores): string {
  return `SSIM ${ssim.toFixed(3)} · PSNR ${psnr.toFixed(1)} dB · MAE ${mae.toPrecision(3)}`;
}

/** How much of the sample is shown, and how far the reference was moved for it. */
function placeNote({ box, shift }: TruthComparison): string {
  const moved =
    shift.dx === 0 && shift.dy === 0 ? '' : ` · moved by ${signed(-shift.dx)}, ${signed(-shift.dy)} px`;
  return `${box.width}×${box.height} px${moved}`;
}

function signed(value: number): string {
  const text = Math.abs(value).toFixed(2);
  return `${value < 0 && Number(text) !== 0 ? '−' : '+'}${text}`;
}

function difference(image: ComplexImage, reference: ComplexImage): RealImage {
  const { height, width } = image;
  const expected = amplitudeOf(reference).values;
  return { height, width, values: amplitudeOf(image).values.map((value, i) => value - expected[i]) };
}

/** Phase of `image · conj(reference)`: a difference that no wrap of either phase can spoil. */
function phaseError(image: ComplexImage, reference: ComplexImage): RealImage {
  const { height, width, re, im } = image;
  const values = Float64Array.from(re, (value, i) =>
    Math.atan2(
      im[i] * reference.re[i] - value * reference.im[i],
      value * reference.re[i] + im[i] * reference.im[i],
    ),
  );
  return { height, width, values };
}
