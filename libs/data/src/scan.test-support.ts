import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Fault } from '@ptychofleet/base';
import { expect } from 'vitest';
import type { NpyArray } from './npy-types.ts';
import { writeNpz } from './npz.ts';

/** A valid scan of `n` patterns whose pixels are all different, as NPZ entries to be tampered with. */
export function validEntries(n: number, N = 64): Record<string, NpyArray> {
  const diffraction = Float32Array.from({ length: n * N * N }, (_, i) => ((i * 7919) % 10_007) / 10_007);
  const probe = Float32Array.from({ length: 2 * N * N }, (_, i) => Math.cos(i));
  return {
    diff3d: { dtype: 'float32', shape: [n, N, N], data: diffraction },
    probeGuess: { dtype: 'complex64', shape: [N, N], data: probe },
    xcoords: {
      dtype: 'float64',
      shape: [n],
      data: Float64Array.from({ length: n }, (_, i) => 40 + 3.25 * i),
    },
    ycoords: { dtype: 'float64', shape: [n], data: Float64Array.from({ length: n }, (_, i) => 50 - 1.5 * i) },
  };
}

export function npzOf(entries: Record<string, NpyArray>): Uint8Array {
  return writeNpz(Object.entries(entries), { compress: false });
}

/** Runs `action`, expects a Fault of one sentence, and returns it. */
export function faultOf(action: () => unknown): Fault {
  let thrown: unknown;
  try {
    action();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(Fault);
  const fault = thrown as Fault;
  expect(fault.message).not.toMatch(/[\n]|\.$/);
  return fault;
}

/** Path of a file of the shared folder beside the checkout, or null where it is not on this machine. */
export function sharedPath(name: string): string | null {
  const path = fileURLToPath(new URL(`../../../../shared/${name}`, import.meta.url));
  return existsSync(path) ? path : null;
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
