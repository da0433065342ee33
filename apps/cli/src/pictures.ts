import type { ScanDataset } from '@ptychofleet/data';
import {
  amplitudeOf,
  compareObjects,
  fromInterleaved,
  phaseOf,
  renderComparison,
  renderCurves,
  renderImageFigure,
  robustRange,
  type ComparableObject,
  type ComplexImage,
  type ShownComparison,
  type TruthComparison,
} from '@ptychofleet/imaging';
import type { EpochRecord } from '@ptychofleet/wire';

export interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Ends of the colours of the phase picture, rad; null follows the values. */
export interface PhaseColours {
  readonly phaseVmin: number | null;
  readonly phaseVmax: number | null;
}

/** Amplitude and phase as pictures; aligned to the truth where there is one, so that colours can be compared. */
export function reconstructionPictures(
  shown: { readonly image: ComplexImage; readonly lit: Uint8Array | null },
  { phaseVmin, phaseVmax }: PhaseColours,
): NamedFile[] {
  const { image } = shown;
  const known = shown.lit === null ? {} : { lit: shown.lit };
  const phase = phaseOf(image);
  const followed = robustRange(phase, shown.lit ?? undefined);
  const range = { min: phaseVmin ?? followed.min, max: phaseVmax ?? followed.max };
  return [
    {
      name: 'reconstructed_amplitude.png',
      bytes: renderImageFigure({
        title: 'Reconstructed amplitude',
        image: amplitudeOf(image),
        ...known,
        colormap: 'gray',
        label: 'amplitude',
      }),
    },
    {
      name: 'reconstructed_phase.png',
      bytes: renderImageFigure({
        title: 'Reconstructed phase',
        image: phase,
        ...known,
        colormap: 'viridis',
        // One end alone may lie beyond the values.
        ...(range.min < range.max ? { range } : {}),
        label: 'phase',
        unit: 'rad',
      }),
    },
  ];
}

/** The reconstruction against the object of the scan's file; null when the file has none. */
export function compareWithFile(reconstruction: ComparableObject, scan: ScanDataset): TruthComparison | null {
  if (scan.object === null) return null;
  const { height, width, data } = scan.object;
  const image = fromInterleaved(height, width, data);
  return compareObjects(reconstruction, { image, origin: { x: 0, y: 0 }, lit: null, positions: null });
}

/** Reconstructions beside their reference, with ring correlations. */
export function comparisonPicture(
  title: string,
  shown: readonly ShownComparison[],
  referenceName: string,
): NamedFile {
  return { name: 'comparison.png', bytes: renderComparison(title, shown, referenceName) };
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
