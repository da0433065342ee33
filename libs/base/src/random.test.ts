import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Permutation, RandomSequence, RandomStream } from './index.ts';
import { philox4x32 } from './random.ts';

describe('RandomStream', () => {
  it('reproduces the published Philox4x32-10 vectors', () => {
    expect(philox4x32([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
    const ones = 0xffffffff;
    expect(philox4x32([ones, ones, ones, ones], [ones, ones])).toEqual([
      0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd,
    ]);
  });

  it('is a pure function of seed, stream and index', () => {
    fc.assert(
      fc.property(fc.nat(), fc.string(), fc.nat(1e6), (seed, name, index) => {
        expect(new RandomStream(seed, name).uint32(index)).toBe(new RandomStream(seed, name).uint32(index));
      }),
    );
  });

  it('draws the same in any order', () => {
    const places = fc.array(fc.tuple(fc.nat(40), fc.nat(2)), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.nat(), places, (seed, list) => {
        const stream = new RandomStream(seed, 'any');
        for (const [index, lane] of list) {
          const alone = new RandomStream(seed, 'any').block(Math.floor(index / 4), lane)[index % 4];
          expect(stream.uint32(index, lane)).toBe(alone);
        }
      }),
    );
  });

  it('draws many at once as it draws them one by one', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(70), fc.nat(3), (seed, count, lane) => {
        const stream = new RandomStream(seed, 'many');
        const alone = Array.from({ length: count }, (_, i) => stream.uniform(i, lane));
        expect([...stream.uniforms(count, lane)]).toEqual(alone);
      }),
    );
  });

  it('draws normals of mean 0 and variance 1', () => {
    const sequence = new RandomSequence(new RandomStream(7, 'normal'));
    const draws = Array.from({ length: 20_000 }, () => sequence.normal());
    const mean = draws.reduce((a, b) => a + b, 0) / draws.length;
    const variance = draws.reduce((a, b) => a + (b - mean) ** 2, 0) / draws.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
  });
});

describe('Permutation', () => {
  it('visits each place exactly once, for any size and seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), fc.nat(), (size, seed) => {
        const order = new Permutation(size, seed, 'epoch');
        const seen = new Set(Array.from({ length: size }, (_, i) => order.at(i)));
        expect(seen.size).toBe(size);
        expect(Math.max(...seen)).toBe(size - 1);
      }),
    );
  });

  it('differs from epoch to epoch', () => {
    const first = Array.from({ length: 64 }, (_, i) => new Permutation(64, 1, 'epoch', 0).at(i));
    const second = Array.from({ length: 64 }, (_, i) => new Permutation(64, 1, 'epoch', 1).at(i));
    expect(first).not.toEqual(second);
  });
});
