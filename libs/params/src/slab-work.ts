import { assert, hexOf, valuesDigestOf } from '@ptychofleet/base';
import { adamPart, type AdamWork } from './adam-kernel.ts';
import { pieceLength } from './kernels/load-kernel.ts';
import { vectors } from './slab-arithmetic.ts';

/** A part of a slab. */
export interface SlabRange {
  readonly offset: number;
  readonly size: number;
}

/**
 * What is done to whole slabs once a step. It falls into items that touch nothing in common, so that they may be done in any order, and
 * by two threads, to the same bits. All of it can be posted to another thread.
 */
export type SlabWork =
  | { readonly kind: 'add'; readonly to: Float32Array; readonly from: Float32Array }
  | { readonly kind: 'scale'; readonly to: Float32Array; readonly factor: number }
  | { readonly kind: 'divide'; readonly to: Float32Array; readonly divisor: number }
  | ({ readonly kind: 'adam' } & AdamWork)
  | {
      readonly kind: 'digests';
      readonly of: Float32Array;
      readonly ranges: readonly SlabRange[];
      /** 32 bytes for each range. */
      readonly digests: Uint8Array;
    };

export const digestBytes = 32;
/** Even, and enough that beginning one costs nothing. */
const itemFloats = 4 * pieceLength;

export function itemsOf(work: SlabWork): number {
  if (work.kind === 'digests') return work.ranges.length;
  return Math.ceil((work.kind === 'adam' ? work.gradient : work.to).length / itemFloats);
}

/** @param place of this thread among those that work at the same time */
export function doItem(work: SlabWork, item: number, place: number): void {
  const [from, to] = [item * itemFloats, (item + 1) * itemFloats];
  switch (work.kind) {
    case 'add':
      return vectors.add(work.to.subarray(from, to), work.from.subarray(from, to));
    case 'scale':
      return vectors.scale(work.to.subarray(from, to), work.factor);
    case 'divide':
      return vectors.divide(work.to.subarray(from, to), work.divisor);
    case 'adam':
      return adamPart(work, from, Math.min(to, work.gradient.length), place);
    case 'digests': {
      const range = work.ranges[item];
      assert(range !== undefined, 'the item is one of the work');
      const { buffer, byteOffset } = work.of;
      const bytes = new Uint8Array(buffer, byteOffset + 4 * range.offset, 4 * range.size);
      work.digests.set(Buffer.from(hexOf(valuesDigestOf(bytes)), 'hex'), item * digestBytes);
    }
  }
}

/** Whether another thread would see what this one has written. */
export function isShared(work: SlabWork): boolean {
  const touched =
    work.kind === 'adam'
      ? [work.memory.buffer, work.gradient.buffer]
      : work.kind === 'digests'
        ? [work.of.buffer, work.digests.buffer]
        : [work.to.buffer, ...(work.kind === 'add' ? [work.from.buffer] : [])];
  return touched.every((buffer) => buffer instanceof SharedArrayBuffer);
}

/** Who does such work: when `work` returns, it is done. */
export interface Hands {
  work(work: SlabWork): void;
}

/** This thread alone. */
export const ownHands: Hands = {
  work(work) {
    for (let item = 0, end = itemsOf(work); item < end; item++) doItem(work, item, 0);
  },
};

/** to += from, each sum rounded to float32. */
export function addSlab(to: Float32Array, from: Float32Array, hands: Hands = ownHands): void {
  assert(to.length === from.length, `slabs of ${to.length} and ${from.length} floats`);
  hands.work({ kind: 'add', to, from });
}

/** to *= factor: a float64 product, rounded to float32. */
export function scaleSlab(to: Float32Array, factor: number, hands: Hands = ownHands): void {
  if (factor !== 1) hands.work({ kind: 'scale', to, factor });
}

/** to /= divisor: a float64 quotient, rounded to float32. */
export function divideSlab(to: Float32Array, divisor: number, hands: Hands = ownHands): void {
  hands.work({ kind: 'divide', to, divisor });
}

/** Digests of parts of a slab, in hex, in their order. */
export function digestsOf(of: Float32Array, ranges: readonly SlabRange[], hands: Hands = ownHands): string[] {
  const digests = new Uint8Array(new SharedArrayBuffer(ranges.length * digestBytes));
  // The largest first: whoever has done its last one waits for the other.
  const order = ranges.map((_, place) => place).sort((a, b) => (ranges[b]?.size ?? 0) - (ranges[a]?.size ?? 0)); // prettier-ignore
  const sorted = order.map((place) => {
    const { offset, size } = ranges[place] as SlabRange;
    return { offset, size };
  });
  hands.work({ kind: 'digests', of, ranges: sorted, digests });
  const found = new Array<string>(ranges.length);
  order.forEach((place, item) => {
    const bytes = digests.subarray(item * digestBytes, (item + 1) * digestBytes);
    found[place] = Buffer.from(bytes).toString('hex');
  });
  return found;
}
