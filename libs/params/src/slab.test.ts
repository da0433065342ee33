import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutOf, slabFromBytes, slabToBytes, viewOf } from './index.ts';

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
