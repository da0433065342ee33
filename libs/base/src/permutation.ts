import { assert } from './assert.ts';
import { RandomStream } from './random.ts';

/**
 * A seekable permutation of [0, size): element i is computed without the others, so a position in an epoch is
 * two integers. Balanced Feistel network over the next even power of two with cycle walking (Black & Rogaway 2002).
 */
export class Permutation {
  readonly size: number;
  readonly #half: number;
  readonly #round: RandomStream;
  readonly #lane: number;

  constructor(size: number, seed: number, stream: string, lane = 0) {
    assert(
      Number.isSafeInteger(size) && size > 0 && size <= 2 ** 30,
      `permutation size out of range: ${size}`,
    );
    this.size = size;
    this.#half = Math.max(1, Math.ceil(Math.log2(Math.max(2, size)) / 2));
    this.#round = new RandomStream(seed, stream);
    this.#lane = lane;
  }

  /** Where place `index` of the permuted order points to. */
  at(index: number): number {
    assert(Number.isInteger(index) && index >= 0 && index < this.size, `index out of range: ${index}`);
    let value = index;
    do value = this.#encrypt(value);
    while (value >= this.size);
    return value;
  }

  #encrypt(value: number): number {
    const mask = 2 ** this.#half - 1;
    let left = value >>> this.#half;
    let right = value & mask;
    for (let round = 0; round < 6; round++) {
      const mixed = this.#round.block(right, this.#lane)[round % 4] as number;
      const rotated = round < 4 ? mixed : (mixed >>> 7) ^ (round * 0x9e37);
      [left, right] = [right, (left ^ rotated) & mask];
    }
    return ((left << this.#half) | right) >>> 0;
  }
}
