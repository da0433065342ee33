import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readNpz } from './npz.ts';

const repository = new URL('../../../', import.meta.url);

/** Path of a file of the shared folder beside the checkout, or null where it is not on this machine. */
export function sharedPath(name: string): string | null {
  const path = fileURLToPath(new URL(`../shared/${name}`, repository));
  return existsSync(path) ? path : null;
}

/** Path of a golden file, or null where neither the full nor the committed set holds it. */
export function goldenPath(name: string): string | null {
  const committed = fileURLToPath(new URL(`tests/golden/vectors/${name}.npz`, repository));
  return sharedPath(`golden/${name}.npz`) ?? (existsSync(committed) ? committed : null);
}

export interface GoldenFile {
  /** Any real array, or a complex one interleaved, in double precision. */
  numbers(key: string): Float64Array;
  shape(key: string): readonly number[];
}

export function readGolden(name: string): GoldenFile {
  const path = goldenPath(name);
  if (path === null) throw new Error(`no golden file ${name}`);
  const entries = readNpz(readFileSync(path), name);
  const array = (key: string) => {
    const entry = entries.get(key);
    if (entry === undefined || !('dtype' in entry)) throw new Error(`${name} holds no array ${key}`);
    return entry;
  };
  return {
    numbers: (key) => Float64Array.from(array(key).data as ArrayLike<number>, Number),
    shape: (key) => array(key).shape,
  };
}

/** Largest |a − b| over the largest |b|; NaN where the lengths differ. */
export function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = a.length === b.length ? 0 : NaN;
  let largest = 0;
  for (let i = 0; i < b.length; i++) {
    difference = Math.max(difference, Math.abs(a[i] - b[i]));
    largest = Math.max(largest, Math.abs(b[i]));
  }
  return difference / largest;
}
