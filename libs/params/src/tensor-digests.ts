import { hexOf, valuesDigestOf, type ValuesDigest } from '@ptychofleet/base';
import { slabToBytes } from './slab-bytes.ts';
import type { ParameterLayout } from './layout.ts';

export interface SlabDigests {
  /** Of the digests of all tensors, in the order of the layout. */
  readonly digest: ValuesDigest;
  /** The first 32 bits of each tensor's digest, hex, one after the other: enough to name the tensor that differs. */
  readonly tensors: string;
}

const prefixDigits = 8;

/** Digests of a slab and of every tensor in it. */
export function slabDigests(layout: ParameterLayout, slab: Float32Array): SlabDigests {
  const whole = layout.tensors.map(({ offset, size }) =>
    valuesDigestOf(slabToBytes(slab.subarray(offset, offset + size))),
  );
  const tensors = whole.map((digest) => hexOf(digest).slice(0, prefixDigits)).join('');
  return { digest: valuesDigestOf(new TextEncoder().encode(whole.join('\n'))), tensors };
}

/** Place of the first tensor whose digests differ; null where all that were noted agree. */
export function firstDifferingTensor(one: string, other: string): number | null {
  for (let at = 0; at < Math.max(one.length, other.length); at += prefixDigits) {
    if (one.slice(at, at + prefixDigits) !== other.slice(at, at + prefixDigits)) return at / prefixDigits;
  }
  return null;
}
