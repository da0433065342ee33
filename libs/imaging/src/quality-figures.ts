import { amplitudeOf, phaseOf, type ComplexImage, type RealImage } from './complex-image.ts';
import { renderCurves } from './curve-figure.ts';
import { robustRange } from './display-range.ts';
import { renderPanels, type ImagePanel } from './image-figure.ts';
import { ringCutoff } from './ring-correlation.ts';
import type { TruthComparison } from './truth-comparison.ts';

export interface FrcCurve {
  readonly label: string;
  /** Ring correlation of images of `side` pixels, ring 0 first. For metrics, `side` is their `frcSide`. */
  readonly frc: Float64Array;
  readonly side: number;
}

/**
 * Fourier ring correlation against spatial frequency up to Nyquist, with the 1/2 and 1/7 thresholds and the FRC50
 * crossings marked, as PNG bytes. Ring 0 is left out: it is rounding noise for images without a mean.
 */
export function renderFrc(title: string, curves: readonly FrcCurve[]): Uint8Array {
  return renderCurves({
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
  });
}

/**
 * Amplitude and phase of reconstruction, truth and their difference, on common scales, as PNG bytes.
 *
 * @param truthName what the truth is called: a conventional reconstruction is only a `Reference`.
 */
export function renderComparison(
  title: string,
  comparison: TruthComparison,
  truthName = 'Truth',
): Uint8Array {
  const { reconstruction, truth, metrics } = comparison;
  const amplitudes = [amplitudeOf(reconstruction), amplitudeOf(truth)];
  const phases = [phaseOf(reconstruction), phaseOf(truth)];
  const amplitude = { colormap: 'gray', label: 'amplitude', range: robustRange(amplitudes[1]) } as const;
  const phase = { colormap: 'viridis', label: 'phase', unit: 'rad', range: robustRange(phases[1]) } as const;
  return renderPanels(title, [
    [
      { title: 'Reconstruction', image: amplitudes[0], ...amplitude, note: scores(metrics.amplitude) },
      { title: truthName, image: amplitudes[1], ...amplitude },
      differencePanel(difference(amplitudes[0], amplitudes[1]), { label: 'amplitude difference' }),
    ],
    [
      { title: 'Reconstruction', image: phases[0], ...phase, note: scores(metrics.phase) },
      { title: truthName, image: phases[1], ...phase },
      differencePanel(phaseError(reconstruction, truth), { label: 'phase difference', unit: 'rad' }),
    ],
  ]);
}

function scores({ ssim, psnr, mae }: { ssim: number; psnr: number; mae: number }): string {
  return `SSIM ${ssim.toFixed(3)} · PSNR ${psnr.toFixed(1)} dB · MAE ${mae.toPrecision(3)}`;
}

function differencePanel(image: RealImage, quantity: { label: string; unit?: string }): ImagePanel {
  return { title: 'Difference', image, colormap: 'diverging', ...quantity };
}

function difference(a: RealImage, b: RealImage): RealImage {
  return { ...a, values: Float64Array.from(a.values, (value, i) => value - b.values[i]) };
}

/** Phase of `image · conj(truth)`: a difference that no wrap of either phase can spoil. */
function phaseError(image: ComplexImage, truth: ComplexImage): RealImage {
  const { height, width, re, im } = image;
  const values = Float64Array.from(re, (value, i) =>
    Math.atan2(im[i] * truth.re[i] - value * truth.im[i], value * truth.re[i] + im[i] * truth.im[i]),
  );
  return { height, width, values };
}
