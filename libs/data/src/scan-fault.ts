import { Fault } from '@ptychofleet/base';

/** One sentence on a key of a scan file; `field` of the fault is the key. */
export function scanFault(file: string, key: string, received: string, expected: string, fix: string): Fault {
  return new Fault('invalid-input', `${file}: ${key}: received ${received}, expected ${expected}; ${fix}`, {
    field: key,
    received,
    expected,
  });
}

export function shapeText(shape: readonly number[]): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
}

/** Refuses NaN and infinity, with their count and the first place. `lanes` floats make one element. */
export function requireFinite(
  file: string,
  key: string,
  values: ArrayLike<number>,
  shape: readonly number[],
  lanes = 1,
): void {
  let bad = 0;
  let first = -1;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    if (bad++ === 0) first = i;
  }
  if (bad === 0) return;
  const at = placeText(Math.floor(first / lanes), shape);
  throw scanFault(
    file,
    key,
    `${bad} values that are NaN or infinite, the first at ${at}`,
    'finite numbers',
    'mask or drop those entries before saving',
  );
}

/** The index of a flat place in a row-major array, as NumPy writes it. */
export function placeText(flat: number, shape: readonly number[]): string {
  const index: number[] = [];
  for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
    index.unshift(rest % shape[axis]);
    rest = Math.floor(rest / shape[axis]);
  }
  return `[${index.join(', ')}]`;
}
