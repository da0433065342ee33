import type { RealImage } from './complex-image.ts';
import type { ColorMap } from './color-maps.ts';

/** Values that map to the two ends of a colour map. */
export interface DisplayRange {
  readonly min: number;
  readonly max: number;
}

/**
 * The range between the 0.5th and the 99.5th percentile of the lit, finite pixels, so that a few hot ones do not take
 * the contrast. Flat images get a small range about their value.
 */
export function robustRange(image: RealImage, lit?: Uint8Array): DisplayRange {
  const shown = image.values.filter(
    (value, i) => Number.isFinite(value) && (lit === undefined || lit[i] !== 0),
  );
  shown.sort();
  if (shown.length === 0) return { min: 0, max: 1 };
  const min = shown[Math.floor(0.005 * (shown.length - 1))];
  const max = shown[Math.ceil(0.995 * (shown.length - 1))];
  const least = 1e-6 * Math.max(Math.abs(min), Math.abs(max), 1e-6);
  return max - min > least ? { min, max } : { min: min - least, max: max + least };
}

/** The range a colour map should span by default: symmetric when diverging, the whole turn when cyclic. */
export function defaultRange(image: RealImage, map: ColorMap, lit?: Uint8Array): DisplayRange {
  if (map === 'cyclic') return { min: -Math.PI, max: Math.PI };
  const range = robustRange(image, lit);
  if (map !== 'diverging') return range;
  const reach = Math.max(Math.abs(range.min), Math.abs(range.max));
  return { min: -reach, max: reach };
}
