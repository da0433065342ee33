import { valuesDigestOf, type ContentDigest } from '@ptychofleet/base';
import { layoutOf, slabToBytes } from '@ptychofleet/params';
import type { LentBytes } from '@ptychofleet/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PublishedWeights } from './published-weights.ts';

const layout = layoutOf([
  { name: 'a', shape: [3], fanIn: 3, fanOut: 3, role: 'bias' },
  { name: 'b', shape: [2, 2], fanIn: 2, fanOut: 2, role: 'kernel' },
]);
const weightsOf = (value: number): Float32Array => new Float32Array(layout.size).fill(value);
const publishedWith = (value: number): PublishedWeights => {
  const published = new PublishedWeights(layout);
  published.publish(weightsOf(value));
  return published;
};
const digestOf = (value: number): ContentDigest => valuesDigestOf(slabToBytes(weightsOf(value)));

describe('published weights', () => {
  it('are what was published as long as somebody reads them, whoever comes and goes', () => {
    const act = fc.oneof(
      fc.record({ act: fc.constant('publish'), value: fc.nat(6) } as const),
      fc.record({ act: fc.constant('lend'), value: fc.nat(6) } as const),
      fc.record({ act: fc.constant('give back'), value: fc.nat(6) } as const),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const published = publishedWith(0);
        const kept = [0];
        const lent: { value: number; lent: LentBytes }[] = [];
        for (const { act, value } of acts) {
          if (act === 'publish') {
            published.publish(weightsOf(value));
            if (kept.includes(value)) kept.splice(kept.indexOf(value), 1);
            kept.push(value);
            if (kept.length > 2) kept.shift();
            expect(published.digest).toBe(digestOf(value));
          } else if (act === 'lend') {
            const taken = published.lend(digestOf(value));
            expect(taken !== null).toBe(kept.includes(value));
            if (taken !== null) lent.push({ value, lent: taken });
          } else lent.splice(value, 1)[0]?.lent.release();
          for (const one of lent) expect(valuesDigestOf(one.lent.bytes)).toBe(digestOf(one.value));
          for (const one of kept) {
            const { bytes, release } = published.lend(digestOf(one))!;
            expect(valuesDigestOf(bytes)).toBe(digestOf(one));
            release();
          }
        }
      }),
    );
  });

  it('take no fresh memory where nobody reads the old', () => {
    const published = publishedWith(0);
    const buffers = new Set<ArrayBufferLike>();
    for (let value = 1; value < 20; value++) {
      published.publish(weightsOf(value));
      const { bytes, release } = published.lend(published.digest)!;
      buffers.add(bytes.buffer);
      release();
    }
    expect(buffers.size).toBe(3);
  });

  it('that come next are told to who waits, once and lent; who left is not told', async () => {
    const published = publishedWith(0);
    const here = new AbortController();
    expect(published.next(digestOf(5), here.signal)).toBeNull();
    const one = published.next(digestOf(0), here.signal)!;
    const other = published.next(digestOf(0), here.signal)!;
    const leaver = new AbortController();
    const left = published.next(digestOf(0), leaver.signal)!;
    leaver.abort();
    expect(await left).toBeNull();
    expect(await published.next(digestOf(0), leaver.signal)).toBeNull();
    published.publish(weightsOf(1));
    for (const next of [await one, await other, await published.next(digestOf(0), here.signal)]) {
      expect(next!.digest).toBe(digestOf(1));
      expect(valuesDigestOf(next!.bytes)).toBe(digestOf(1));
    }
    // Lent: two more versions do not write over them.
    const { bytes } = (await one)!;
    for (const value of [2, 3, 4, 5]) published.publish(weightsOf(value));
    expect(valuesDigestOf(bytes)).toBe(digestOf(1));
    expect(published.next(digestOf(1), here.signal)).toBeNull();
    const last = published.next(digestOf(5), here.signal)!;
    published.close();
    expect(await last).toBeNull();
  });

  it('are given back once', () => {
    const { release } = publishedWith(0).lend(digestOf(0))!;
    release();
    expect(release).toThrow(/once/);
  });
});
