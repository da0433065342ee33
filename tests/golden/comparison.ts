import { assert } from '@ptychofleet/base';
import type { GoldenFile } from './golden-file.ts';
import type { Tolerance, TensorKind } from './tolerances.ts';

/** The largest difference of one tensor. */
export interface Comparison {
  readonly tensor: string;
  readonly kind: TensorKind;
  /** Index of the largest difference in the tensor's own shape, such as `[0, 3, 12] re`. */
  readonly place: string;
  /** In the unit of `tolerance`; Infinity where sizes differ or a number is none. */
  readonly difference: number;
  readonly tolerance: number;
  readonly ours: number;
  readonly theirs: number;
}

/** Keys that the checker knows and compares with nothing, and why. */
export interface Uncompared {
  readonly keys: readonly string[];
  readonly reason: string;
}

export interface FileReport {
  readonly file: string;
  /** Kind of vectors, or null where the file fits none. */
  readonly kind: string | null;
  /** Settings that the keys do not tell and that were taken from what fits, such as the amplitude activation. */
  readonly settings: readonly string[];
  readonly comparisons: readonly Comparison[];
  readonly uncompared: readonly Uncompared[];
  /** Sentences: what keeps the file from being checked at all. */
  readonly problems: readonly string[];
}

export interface Subset {
  /** Which elements count, by their number; an element of a complex array is its real or imaginary part. */
  readonly where?: (index: number) => boolean;
  /** Named in the report instead of the key. */
  readonly name?: string;
  /** What differences are divided by, where it is not in the array itself. */
  readonly largest?: number;
}

/** How an element's number becomes a place that a reader finds. */
export interface Places {
  readonly shape?: readonly number[];
  /** The last axis of `shape` holds real and imaginary part. */
  readonly complex?: boolean;
  /** Names of the elements of a list. */
  readonly names?: readonly string[];
}

export function agrees({ difference, tolerance }: Comparison): boolean {
  return difference <= tolerance;
}

export function passes(report: FileReport): boolean {
  return report.problems.length === 0 && report.comparisons.length > 0 && report.comparisons.every(agrees);
}

/** Collects the comparisons of one file. */
export class Checks {
  readonly comparisons: Comparison[] = [];
  readonly uncompared: Uncompared[] = [];
  readonly settings: string[] = [];
  readonly #file: GoldenFile;

  constructor(file: GoldenFile) {
    this.#file = file;
  }

  /** Compares with the array of the file; complex numbers interleaved. */
  array(key: string, ours: ArrayLike<number>, tolerance: Tolerance, subset: Subset = {}): void {
    const shape = this.#file.shape(key);
    this.values(subset.name ?? key, ours, this.#file.numbers(key), tolerance, {
      ...subset,
      shape: this.#file.isComplex(key) ? [...shape, 2] : shape,
      complex: this.#file.isComplex(key),
    });
  }

  scalar(key: string, ours: number, tolerance: Tolerance): void {
    this.array(key, [ours], tolerance);
  }

  /** Compares with numbers that follow from the file; `shape` makes places readable. */
  values(
    tensor: string,
    ours: ArrayLike<number>,
    theirs: ArrayLike<number>,
    { kind, limit, relativeTo }: Tolerance,
    options: Subset & Places = {},
  ): void {
    const { where = () => true, shape = [theirs.length], complex = false } = options;
    const row = { tensor, kind, tolerance: limit };
    if (ours.length !== theirs.length) {
      const place = `${ours.length} numbers instead of ${theirs.length}`;
      this.comparisons.push({ ...row, place, difference: Infinity, ours: NaN, theirs: NaN });
      return;
    }
    const largest = options.largest ?? largestOf(theirs, where);
    let worst = -1;
    let difference = -1;
    for (let i = 0; i < theirs.length; i++) {
      if (!where(i)) continue;
      const unit = relativeTo === 'one' ? 1 : relativeTo === 'each' ? Math.abs(theirs[i]) : largest;
      const gap = gapOf(ours[i], theirs[i], unit);
      if (gap <= difference) continue;
      worst = i;
      difference = gap;
    }
    if (worst < 0) {
      this.comparisons.push({
        ...row,
        place: 'no element counts',
        difference: Infinity,
        ours: NaN,
        theirs: NaN,
      });
      return;
    }
    const place = options.names?.[worst] ?? placeOf(worst, shape, complex);
    this.comparisons.push({ ...row, place, difference, ours: ours[worst], theirs: theirs[worst] });
  }

  /** Keys that are known and compared with nothing. */
  leave(keys: readonly string[], reason: string): void {
    const present = keys.filter((key) => this.#file.has(key));
    if (present.length === 0) return;
    this.#file.setAside(...present);
    this.uncompared.push({ keys: present, reason });
  }

  /** Says which setting was taken where the keys leave it open. */
  setting(text: string): void {
    this.settings.push(text);
  }
}

/** Largest difference over the largest magnitude, for choosing among settings. */
export function relativeDifference(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  if (ours.length !== theirs.length) return Infinity;
  const largest = largestOf(theirs, () => true);
  let difference = 0;
  for (let i = 0; i < theirs.length; i++)
    difference = Math.max(difference, gapOf(ours[i], theirs[i], largest));
  return difference;
}

/**
 * Where a file leaves a setting open: the first candidate that comes within `enough`, else the nearest. Candidates are made
 * one by one, as they are needed.
 */
export function nearest<T>(
  candidates: readonly (() => T)[],
  distance: (candidate: T) => number,
  enough: number,
): T {
  let best: { candidate: T; distance: number } | null = null;
  for (const make of candidates) {
    const candidate = make();
    const own = distance(candidate);
    if (best === null || own < best.distance) best = { candidate, distance: own };
    if (own <= enough) break;
  }
  assert(best !== null, 'a choice needs candidates');
  return best.candidate;
}

/** |a - b| / unit; equal numbers agree in any unit, and nothing agrees with NaN. */
function gapOf(a: number, b: number, unit: number): number {
  if (a === b) return 0;
  const gap = Math.abs(a - b) / unit;
  return Number.isNaN(gap) ? Infinity : gap;
}

function largestOf(values: ArrayLike<number>, where: (index: number) => boolean): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) if (where(i)) largest = Math.max(largest, Math.abs(values[i]));
  return largest;
}

function placeOf(index: number, shape: readonly number[], complex: boolean): string {
  const place: number[] = [];
  let rest = index;
  for (const side of [...shape].reverse()) {
    place.unshift(rest % side);
    rest = Math.floor(rest / side);
  }
  if (!complex) return `[${place.join(', ')}]`;
  const part = place.pop() === 0 ? 're' : 'im';
  return `[${place.join(', ')}] ${part}`;
}
