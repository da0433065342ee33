import { assert } from './assert.ts';

/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., SC'11). A draw is a pure function of
 * (seed, stream, index), so any draw can be made anywhere, in any order, without history.
 */
export class RandomStream {
  readonly #key0: number;
  readonly #key1: number;
  readonly #stream: number;
  /** The block drawn last. */
  #words: readonly number[] = [];
  #block = -1;
  #lane = -1;

  /** @param seed a safe integer ≥ 0. @param stream a name; different names give independent draws. */
  constructor(seed: number, stream: string) {
    assert(Number.isSafeInteger(seed) && seed >= 0, `seed must be a safe integer ≥ 0: ${seed}`);
    this.#key0 = seed >>> 0;
    this.#key1 = Math.floor(seed / 2 ** 32) >>> 0;
    this.#stream = fnv1a(stream);
  }

  /** An unsigned 32-bit integer. `index` < 2^53, `lane` < 2^32. */
  uint32(index: number, lane = 0): number {
    const block = Math.floor(index / 4);
    // Draws come in order for the most part, four of a block.
    if (block !== this.#block || lane !== this.#lane) {
      this.#words = this.block(block, lane);
      [this.#block, this.#lane] = [block, lane];
    }
    return this.#words[index % 4] as number;
  }

  /** Uniform in [0, 1) with 32 bits. */
  uniform(index: number, lane = 0): number {
    return this.uint32(index, lane) / 2 ** 32;
  }

  /** Draws 0 to count - 1 of {@link uniform}. */
  uniforms(count: number, lane = 0): Float64Array {
    const drawn = new Float64Array(count);
    for (let i = 0; i < count; i++) drawn[i] = this.uniform(i, lane);
    return drawn;
  }

  /** Uniform integer in [0, bound) without bias for bounds far below 2^32 (multiply-shift, bias < bound/2^32). */
  integer(bound: number, index: number, lane = 0): number {
    assert(Number.isInteger(bound) && bound > 0 && bound <= 2 ** 32, `bound out of range: ${bound}`);
    return Math.floor(this.uniform(index, lane) * bound);
  }

  /** Standard normal by Box–Muller; uses draws 2·index and 2·index+1. */
  normal(index: number, lane = 0): number {
    const u = (this.uint32(2 * index, lane) + 0.5) / 2 ** 32;
    const v = this.uniform(2 * index + 1, lane);
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  }

  /** Four unsigned 32-bit integers: one Philox block. */
  block(block: number, lane: number): [number, number, number, number] {
    const high = Math.floor(block / 2 ** 32) >>> 0;
    return philox4x32([block >>> 0, high, lane >>> 0, this.#stream], [this.#key0, this.#key1]);
  }
}

/** Philox4x32 with 10 rounds on one counter and key (Salmon et al., SC'11). */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0) >>> 0;
    const high1 = mulHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** A sequential reader of a {@link RandomStream}: convenient where draws have a natural order. */
export class RandomSequence {
  readonly #stream: RandomStream;
  readonly #lane: number;
  #index = 0;

  constructor(stream: RandomStream, lane = 0) {
    this.#stream = stream;
    this.#lane = lane;
  }

  uniform(): number {
    return this.#stream.uniform(this.#index++, this.#lane);
  }

  integer(bound: number): number {
    return this.#stream.integer(bound, this.#index++, this.#lane);
  }

  normal(): number {
    // Two whole draws each, so that normal and uniform never share a counter.
    const at = Math.ceil(this.#index / 2);
    this.#index = 2 * at + 2;
    return this.#stream.normal(at, this.#lane);
  }

  /** `count` different integers of [0, bound), in random order (partial Fisher–Yates). */
  sample(count: number, bound: number): Int32Array {
    assert(count <= bound, `cannot draw ${count} of ${bound}`);
    const pool = Int32Array.from({ length: bound }, (_, i) => i);
    for (let i = 0; i < count; i++) {
      const j = i + this.integer(bound - i);
      [pool[i], pool[j]] = [pool[j] as number, pool[i] as number];
    }
    return pool.slice(0, count);
  }
}

function mulHigh(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const mid = a1 * b0 + ((a0 * b0) >>> 16);
  const mid2 = (mid % 0x10000) + a0 * b1;
  return (a1 * b1 + Math.floor(mid / 0x10000) + Math.floor(mid2 / 0x10000)) >>> 0;
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
