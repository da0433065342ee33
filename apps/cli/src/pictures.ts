import { Fault } from '@ptychofleet/base';
import { readNpz, type NumericArray, type ScanDataset } from '@ptychofleet/data';
import {
  amplitudeOf,
  compareToTruth,
  fromInterleaved,
  phaseOf,
  renderComparison,
  renderCurves,
  renderFrc,
  renderImageFigure,
  type Canvas,
  type TruthComparison,
} from '@ptychofleet/imaging';
import type { EpochRecord } from '@ptychofleet/wire';

export interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Reconstruction {
  readonly canvas: Canvas;
  /** (n, 2) x, y of the patches that were stitched. */
  readonly positions: Float64Array;
}

/** Reads `reconstruction.npz` back. */
export function decodeReconstruction(bytes: Uint8Array): Reconstruction {
  const entries = readNpz(bytes);
  const object = numeric(entries, 'object');
  const [height = 0, width = 0] = object.shape;
  const origin = numeric(entries, 'origin').data as Float64Array;
  const image = fromInterleaved(height, width, object.data as Float32Array);
  const canvas = {
    image,
    originX: origin[0] ?? 0,
    originY: origin[1] ?? 0,
    lit: numeric(entries, 'lit').data as Uint8Array,
  };
  return { canvas, positions: numeric(entries, 'positions').data as Float64Array };
}

function numeric(entries: ReturnType<typeof readNpz>, key: string): NumericArray {
  const entry = entries.get(key);
  if (entry === undefined || !('dtype' in entry) || entry.dtype === 'text') {
    throw new Fault('data-loss', `the reconstruction lacks the array ${key}`);
  }
  return entry;
}

/** Amplitude and phase as pictures; aligned to the truth where there is one, so that colours can be compared. */
export function reconstructionPictures(canvas: Canvas): NamedFile[] {
  const { image, lit } = canvas;
  return [
    {
      name: 'reconstructed_amplitude.png',
      bytes: renderImageFigure({
        title: 'Reconstructed amplitude',
        image: amplitudeOf(image),
        lit,
        colormap: 'gray',
        label: 'amplitude',
      }),
    },
    {
      name: 'reconstructed_phase.png',
      bytes: renderImageFigure({
        title: 'Reconstructed phase',
        image: phaseOf(image),
        lit,
        colormap: 'viridis',
        label: 'phase',
        unit: 'rad',
      }),
    },
  ];
}

/** The reconstruction against the object of the scan's file; null when the file has none. */
export function compareWithFile(
  reconstruction: Reconstruction,
  scan: ScanDataset,
  crop: number,
): TruthComparison | null {
  if (scan.object === null) return null;
  const { height, width, data } = scan.object;
  const truth = fromInterleaved(height, width, data);
  return compareToTruth({ ...reconstruction, truth, crop, register: true });
}

export function comparisonPictures(comparison: TruthComparison, truthName: string): NamedFile[] {
  const { metrics, box } = comparison;
  const curves = [
    { label: 'amplitude', frc: metrics.amplitude.frc, side: box.height - 4 },
    { label: 'phase', frc: metrics.phase.frc, side: box.height - 4 },
  ];
  return [
    {
      name: 'comparison.png',
      bytes: renderComparison(`Reconstruction beside the ${truthName.toLowerCase()}`, comparison, truthName),
    },
    {
      name: 'frc.png',
      bytes: renderFrc(`Fourier ring correlation with the ${truthName.toLowerCase()}`, curves),
    },
  ];
}

/** Loss over epochs. */
export function lossPicture(epochs: readonly EpochRecord[]): NamedFile {
  const x = epochs.map(({ epoch }) => epoch);
  const series = [{ label: 'training', x, y: epochs.map(({ trainLoss }) => trainLoss) }];
  const checked = epochs.filter(({ validationLoss }) => validationLoss != null);
  if (checked.length > 0) {
    series.push({
      label: 'validation',
      x: checked.map(({ epoch }) => epoch),
      y: checked.map(({ validationLoss }) => validationLoss ?? NaN),
    });
  }
  const logY = series.every(({ y }) => y.every((value) => value > 0));
  return {
    name: 'loss.png',
    bytes: renderCurves({
      title: 'Training loss',
      xLabel: 'epoch',
      yLabel: 'mean loss per group',
      series,
      logY,
    }),
  };
}

/** The figures that a person wants in the terminal. */
export function scoreLines(comparison: TruthComparison, against: string): string[] {
  const row = (name: string, m: TruthComparison['metrics']['amplitude']): string =>
    `  ${name.padEnd(10)} SSIM ${m.ssim.toFixed(3)}   PSNR ${m.psnr.toFixed(1)} dB   MAE ${m.mae.toFixed(4)}   FRC50 ${m.frc50.toFixed(1)} rings`;
  return [
    `against ${against}:`,
    row('amplitude', comparison.metrics.amplitude),
    row('phase', comparison.metrics.phase),
  ];
}
