import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf, isContentDigest, isDigest, kindOf, RunningDigest, valuesDigestOf } from './digest.ts';

/** What the published test vectors take: 0, 1, …, 250 over and over. */
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);

describe('digests', () => {
  it.each([
    [0, 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
    [1, '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
    [1024, '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
    [1025, 'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444'],
  ])('of values are those that BLAKE3 publishes: %i bytes', (length, hex) => {
    expect(valuesDigestOf(pattern(length))).toBe(`blake3:${hex}`);
  });

  it('are the same in any pieces, from any place in memory', () => {
    const bytes = pattern(300_000);
    const cuts = fc.array(fc.nat(bytes.length), { maxLength: 12 });
    fc.assert(
      fc.property(cuts, fc.nat(64), (places, offset) => {
        const moved = new Uint8Array(bytes.length + offset).subarray(offset);
        moved.set(bytes);
        const ends = [0, ...places.sort((a, b) => a - b), bytes.length];
        const [sha256, blake3] = [new RunningDigest('sha256'), new RunningDigest('blake3')];
        for (let i = 1; i < ends.length; i++) {
          for (const running of [sha256, blake3]) running.update(moved.subarray(ends[i - 1], ends[i]));
          const until = bytes.subarray(0, ends[i]);
          if (i % 4 === 0)
            expect([sha256.soFar(), blake3.soFar()]).toEqual([digestOf(until), valuesDigestOf(until)]);
        }
        expect([sha256.finish(), blake3.finish()]).toEqual([digestOf(bytes), valuesDigestOf(bytes)]);
      }),
    );
  });

  it('say which they are, and nothing else is one', () => {
    const [file, values] = [digestOf(pattern(9)), valuesDigestOf(pattern(9))];
    expect([file, values].map(kindOf)).toEqual(['sha256', 'blake3']);
    expect([file, values].map(isContentDigest)).toEqual([true, true]);
    expect([file, values].map(isDigest)).toEqual([true, false]);
    for (const text of [
      '',
      'blake3:',
      'blake3:../../etc',
      `md5:${'0'.repeat(64)}`,
      `${values}0`,
      `${values}\n`,
    ])
      expect(isContentDigest(text)).toBe(false);
  });
});
