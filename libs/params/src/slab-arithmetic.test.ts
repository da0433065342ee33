import { readFileSync } from 'node:fs';
import { bytesOf, RandomSequence, RandomStream } from '@ptychofleet/base';
import { describe, expect, it } from 'vitest';
import wabt from 'wabt';
import { slabsWasm } from './kernels/slabs.gen.ts';
import { plain } from './slab-arithmetic.ts';
import { addSlab, divideSlab, scaleSlab } from './slab-work.ts';

const seed = 20261129;
console.info(`slab arithmetic: seed ${seed}`);
const random = new RandomSequence(new RandomStream(seed, 'slab arithmetic'));

/** Magnitudes over all of float32, so that sums round and vanish and quotients overflow; signed zeros among them. */
function value(): number {
  if (random.integer(8) === 0) return random.integer(2) === 0 ? 0 : -0;
  return (2 * random.uniform() - 1) * 2 ** (random.integer(280) - 152);
}
const slabOf = (size: number): Float32Array => Float32Array.from({ length: size }, value);

// Where the definition alone works, around the length of a piece and of an item, and sizes that leave one to three over.
const sizes = [1, 2047, 2048, 2049, 16_383, 16_384, 16_385, 16_387, 50_002, 65_537, 131_075];

function expectSameBytes(one: Float32Array, other: Float32Array): void {
  expect(Buffer.compare(bytesOf(one), bytesOf(other))).toBe(0);
}

describe('the vector kernels of slabs have the bytes of the definition', () => {
  it.each(sizes)('over %i floats', (size) => {
    for (let round = 0; round < 8; round++) {
      const [to, from] = [slabOf(size), slabOf(size)];
      const sum = to.slice();
      plain.add(sum, from);
      addSlab(to, from);
      expectSameBytes(to, sum);

      for (const number of [16, 3, 2 ** 24 + 1, 1 / 3, 1e-30, Math.PI]) {
        const [scaled, divided] = [from.slice(), from.slice()];
        const [plainScaled, plainDivided] = [from.slice(), from.slice()];
        scaleSlab(scaled, number);
        divideSlab(divided, number);
        plain.scale(plainScaled, number);
        plain.divide(plainDivided, number);
        expectSameBytes(scaled, plainScaled);
        expectSameBytes(divided, plainDivided);
      }
    }
  });

  it('and are what their text assembles to', async () => {
    const text = readFileSync(new URL('kernels/slabs.wat', import.meta.url), 'utf8');
    const { buffer } = (await wabt()).parseWat('slabs.wat', text, { simd: true, threads: true }).toBinary({});
    expect(Buffer.from(buffer).toString('base64')).toBe(slabsWasm);
  });
});
