import { digestOf, Fault } from '@ptychofleet/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSlabFile, encodeSlabFile, type SlabFile } from './index.ts';

const bytesIn = async (file: SlabFile, used?: Uint8Array): Promise<Uint8Array> =>
  (await encodeSlabFile(file, used)).bytes;

const numbers = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, -0, 0));
const files = fc.record({
  meta: fc.dictionary(
    fc.string().filter((key) => key !== '__proto__'),
    fc.oneof(numbers, fc.string(), fc.constant(null)),
  ),
  slabs: fc
    .array(fc.tuple(fc.string(), fc.float32Array({ noNaN: false, maxLength: 20 })), { maxLength: 4 })
    .map((entries) => new Map(entries)),
});

describe('a slab file', () => {
  it('gives back every number as it was, those too that JSON has no word for', async () => {
    await fc.assert(
      fc.asyncProperty(files, async (file) => {
        const back = decodeSlabFile(await bytesIn(file), 'file');
        expect(back.meta).toEqual({ ...file.meta });
        expect([...back.slabs.keys()]).toEqual([...file.slabs.keys()]);
        for (const [name, slab] of file.slabs) {
          const bits = (array: Float32Array) => [...new Uint32Array(array.slice().buffer)];
          expect(bits(back.slabs.get(name)!)).toEqual(bits(slab));
        }
      }),
    );
  });

  it('is a copy: arrays that change while it is being finished do not change it', async () => {
    const slab = Float32Array.of(1, 2, 3);
    const file = bytesIn({ meta: null, slabs: new Map([['weights', slab]]) });
    slab.fill(7);
    expect(decodeSlabFile(await file, 'file').slabs.get('weights')).toEqual(Float32Array.of(1, 2, 3));
  });

  it('comes with the digest of all of it', async () => {
    await fc.assert(
      fc.asyncProperty(files, async (file) => {
        const { bytes, digest } = await encodeSlabFile(file);
        expect(digest).toBe(digestOf(bytes));
      }),
    );
  });

  it('has the same bytes in the memory of an earlier one, smaller or larger', async () => {
    await fc.assert(
      fc.asyncProperty(files, files, async (file, earlier) => {
        const fresh = await bytesIn(file);
        const again = await bytesIn(file, await bytesIn(earlier));
        expect(Buffer.compare(again, fresh)).toBe(0);
      }),
    );
  });

  it('is refused with one sentence when bytes are missing, added or changed, and never taken for another', async () => {
    await fc.assert(
      fc.asyncProperty(
        files,
        fc.nat(),
        fc.nat(7),
        fc.constantFrom('cut', 'turned', 'longer'),
        async (file, at, bit, how) => {
          const whole = await bytesIn(file);
          const place = at % whole.length;
          const bad =
            how === 'cut'
              ? whole.slice(0, place)
              : how === 'longer'
                ? Buffer.concat([whole, Buffer.from([7])])
                : whole;
          if (how === 'turned') bad[place]! ^= 1 << bit;
          expect(() => decodeSlabFile(bad, 'last.ckpt')).toThrow(Fault);
          expect(() => decodeSlabFile(bad, 'last.ckpt')).toThrow(
            /^last\.ckpt cannot be read: [^.]+; use another checkpoint$/,
          );
        },
      ),
    );
  });
});
