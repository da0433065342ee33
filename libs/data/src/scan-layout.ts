import { scanFault, shapeText } from './scan-fault.ts';
import { supportedSides } from './scan.ts';

/** How a stack of patterns lies in its array. */
export interface PatternLayout {
  /** Patterns in the array. */
  readonly n: number;
  readonly N: number;
  /** True for the old order (N, N, n). */
  readonly patternsLast: boolean;
}

/**
 * Decides the layout of the diffraction array: (n, N, N), or (N, N, n) as old files have it. The square tells which is
 * which; in a cube, where it cannot, the current order wins (data spec §2). A trailing axis of length 1 is dropped.
 */
export function patternLayout(
  file: string,
  key: string,
  shape: readonly number[],
  positions: number,
): PatternLayout {
  const axes = shape.length === 4 && shape[3] === 1 ? shape.slice(0, 3) : shape;
  const [a, b, c] = axes;
  const first = axes.length === 3 && b === c;
  const last = axes.length === 3 && a === b;
  if (!first && !last) {
    throw scanFault(
      file,
      key,
      `shape ${shapeText(shape)}`,
      'square patterns of shape (n, N, N)',
      'crop each pattern to a square around its zero frequency',
    );
  }
  const patternsLast = first && last ? false : !first;
  const layout = patternsLast ? { n: c, N: a, patternsLast } : { n: a, N: b, patternsLast };
  if (layout.n === 0) {
    throw scanFault(
      file,
      key,
      `shape ${shapeText(shape)}`,
      'at least one pattern',
      'save the recorded patterns',
    );
  }
  if (!supportedSides.includes(layout.N)) {
    throw scanFault(
      file,
      key,
      `patterns of side N = ${layout.N}`,
      `N in {${supportedSides.join(', ')}}`,
      'crop or pad the patterns around their zero frequency',
    );
  }
  if (positions < layout.n) {
    throw scanFault(
      file,
      'xcoords',
      `${positions} positions for ${layout.n} patterns`,
      'one position per pattern',
      'add the missing positions or drop the patterns without one',
    );
  }
  return layout;
}

/** Accepts (N, N), (N, N, 1) and (P, N, N) and returns the number of modes P. */
export function probeModes(file: string, shape: readonly number[], N: number): number {
  const flat = shape.length === 3 && shape[2] === 1 && shape[0] === shape[1] ? shape.slice(0, 2) : shape;
  const modes = flat.length === 2 ? 1 : flat[0];
  const [height, width] = flat.slice(-2);
  if (flat.length < 2 || flat.length > 3 || height !== N || width !== N || modes === 0) {
    throw scanFault(
      file,
      'probeGuess',
      `shape ${shapeText(shape)}`,
      `(${N}, ${N}) or (P, ${N}, ${N}), the side of the patterns`,
      'crop or pad the probe to the side of the patterns',
    );
  }
  return modes;
}
