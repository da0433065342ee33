import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutOf, packBfloat16, slabFromBytes, slabToBytes, unpackBfloat16, viewOf } from './index.ts';

describe('slab bytes', () => {
  it('are little-endian float32 and come back bit by bit, aligned or not', () => {
    expect([...slabToBytes(Float32Array.of(1, -2))]).toEqual([0, 0, 128, 63, 0, 0, 0, 192]);
    fc.assert(
      fc.property(fc.float32Array(), fc.integer({ min: 0, max: 3 }), (slab, shift) => {
        const moved = new Uint8Array(slab.byteLength + shift).subarray(shift);
        moved.set(slabToBytes(slab));
        expect(slabToBytes(slabFromBytes(moved, slab.length))).toEqual(slabToBytes(slab));
      }),
    );
  });

  it('refuse another length', () => {
    expect(() => slabFromBytes(new Uint8Array(9), 2)).toThrow(/9 bytes, expected 8/);
  });
});

describe('bfloat16', () => {
  /** Of the two neighbours in bfloat16 the nearer one, in a tie the one with the even word. */
  function nearest(value: number): number {
    const below = new DataView(new ArrayBuffer(4));
    below.setFloat32(0, value);
    const word = below.getUint16(0);
    const valueOf = (w: number): number => {
      const view = new DataView(new ArrayBuffer(4));
      view.setUint16(0, w);
      return view.getFloat32(0);
    };
    const up = valueOf(word + 1);
    // Beyond the largest finite value the next step counts as 2^128.
    const reach = Number.isFinite(up) ? up : Math.sign(value) * 2 ** 128;
    const low = Math.abs(value - valueOf(word));
    const high = Math.abs(reach - value);
    if (low === high) return word % 2 === 0 ? word : word + 1;
    return low < high ? word : word + 1;
  }

  it('rounds to nearest, ties to even', () => {
    const ties = fc.integer({ min: 0, max: 0x7f7f }).map((word) => {
      return new Float32Array(Uint32Array.of(word * 65536 + 0x8000).buffer)[0];
    });
    fc.assert(
      fc.property(fc.oneof(ties, fc.float({ noNaN: true, noDefaultInfinity: true })), (value) => {
        expect(packBfloat16(Float32Array.of(value))[0]).toBe(nearest(value));
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps NaN and infinities, and what is already short', () => {
    const special = Float32Array.of(NaN, Infinity, -Infinity, -0, 1.5, 3.4028234663852886e38);
    expect([...unpackBfloat16(packBfloat16(special))]).toEqual([NaN, Infinity, -Infinity, -0, 1.5, Infinity]);
    const quietLowNaN = new Float32Array(Uint32Array.of(0x7f800001).buffer);
    expect(unpackBfloat16(packBfloat16(quietLowNaN))[0]).toBeNaN();
    fc.assert(
      fc.property(fc.uint16Array(), (words) => {
        const values = unpackBfloat16(words);
        expect([...unpackBfloat16(packBfloat16(values))]).toEqual([...values]);
      }),
    );
  });
});

describe('layout', () => {
  it('packs tensors one after the other and names them by digest', () => {
    const kernel = { name: 'a.weight', shape: [2, 3], fanIn: 2, fanOut: 3, role: 'kernel' as const };
    const bias = { name: 'a.bias', shape: [3], fanIn: 2, fanOut: 3, role: 'bias' as const };
    const layout = layoutOf([kernel, bias]);
    const slab = Float32Array.from({ length: layout.size }, (_, i) => i);
    expect(layout.size).toBe(9);
    expect([...viewOf(layout, slab, 'a.bias')]).toEqual([6, 7, 8]);
    expect(layoutOf([bias, kernel]).digest).not.toBe(layout.digest);
    expect(layoutOf([kernel, { ...bias, shape: [1, 3] }]).digest).not.toBe(layout.digest);
    expect(() => layoutOf([kernel, kernel])).toThrow(/differ/);
  });
});
