import { valuesDigestOf, type ValuesDigest } from '@ptychofleet/base';
import type { ParameterLayout } from './layout.ts';
import { digestsOf, ownHands, type Hands } from './slab-work.ts';

export interface SlabDigests {
  /** Of the digests of all tensors, in the order of the layout. */
  readonly digest: ValuesDigest;
  /** The first 32 bits of each tensor's digest, hex, one after the other: enough to name the tensor that differs. */
  readonly tensors: string;
}

const prefixDigits = 8;

/** Digests of a slab and of every tensor in it. */
export function slabDigests(
  layout: ParameterLayout,
  slab: Float32Array,
  hands: Hands = ownHands,
): SlabDigests {
  return summary(digestsOf(slab, layout.tensors, hands));
}

/** The same, and beside it the digest of the whole slab: the name under which it travels. */
export function namedSlabDigests(
  layout: ParameterLayout,
  slab: Float32Array,
  hands: Hands = ownHands,
): SlabDigests & { readonly name: ValuesDigest } {
  const everything = { offset: 0, size: slab.length };
  const [name, ...tensors] = digestsOf(slab, [everything, ...layout.tensors], hands);
  return { ...summary(tensors), name: `blake3:${name}` };
}

function summary(digests: readonly string[]): SlabDigests {
  const tensors = digests.map((digest) => digest.slice(0, prefixDigits)).join('');
  const names = digests.map((digest) => `blake3:${digest}`).join('\n');
  return { digest: valuesDigestOf(new TextEncoder().encode(names)), tensors };
}

/** Place of the first tensor whose digests differ; null where all that were noted agree. */
export function firstDifferingTensor(one: string, other: string): number | null {
  for (let at = 0; at < Math.max(one.length, other.length); at += prefixDigits) {
    if (one.slice(at, at + prefixDigits) !== other.slice(at, at + prefixDigits)) return at / prefixDigits;
  }
  return null;
}
