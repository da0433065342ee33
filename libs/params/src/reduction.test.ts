import { bytesOf, digestOf } from '@ptychofleet/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { divideByCount, reduceBlock, ScalarTree, TreeReduction } from './index.ts';

type Leaves = readonly (Float32Array | null)[];

/** The definition, written down as recursion: halve, add the halves, round each sum to float32. */
function oracle(leaves: Leaves): Float32Array | null {
  if (leaves.length === 1) return leaves[0];
  const left = oracle(leaves.slice(0, leaves.length / 2));
  const right = oracle(leaves.slice(leaves.length / 2));
  if (left === null || right === null) return left ?? right;
  return left.map((value, i) => Math.fround(value + right[i]));
}

function hex(slab: Float32Array | null): string {
  return slab === null ? 'nothing' : Buffer.from(bytesOf(slab)).toString('hex');
}

/** Magnitudes far apart, so that any other order of summation shows in the bits. */
const slab = fc
  .array(fc.tuple(fc.float({ min: -1, max: 1, noNaN: true }), fc.integer({ min: -20, max: 20 })), {
    minLength: 3,
    maxLength: 3,
  })
  .map((pairs) => Float32Array.from(pairs, ([mantissa, exponent]) => mantissa * 2 ** exponent));

const placements = fc.integer({ min: 0, max: 5 }).chain((depth) => {
  const leafCount = 2 ** depth;
  return fc.record({
    leaves: fc.array(fc.option(slab, { freq: 4 }), { minLength: leafCount, maxLength: leafCount }),
    owners: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: leafCount, maxLength: leafCount }),
    order: fc.shuffledSubarray(
      Array.from({ length: leafCount }, (_, leaf) => leaf),
      { minLength: leafCount },
    ),
    blockOrder: fc.array(fc.nat(), { minLength: 32, maxLength: 32 }),
    ownership: fc.constantFrom('lent' as const, 'owned' as const),
  });
});

describe('TreeReduction', () => {
  it('gives the bytes of the recursive definition for any arrival order', () => {
    fc.assert(
      fc.property(placements, ({ leaves, order }) => {
        const reduction = new TreeReduction(leaves.length);
        for (const leaf of order) {
          expect(reduction.complete).toBe(false);
          reduction.add(leaf, leaves[leaf]);
        }
        expect(reduction.complete).toBe(true);
        expect(hex(reduction.result())).toBe(hex(oracle(leaves)));
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same bytes for any placement on 1 to 12 workers that add up locally first', () => {
    fc.assert(
      fc.property(placements, ({ leaves, owners, order, blockOrder, ownership }) => {
        const local = new Map<number, TreeReduction>();
        for (const leaf of order) {
          const worker = local.get(owners[leaf]) ?? new TreeReduction(leaves.length);
          worker.add(leaf, leaves[leaf]?.slice() ?? null, ownership);
          local.set(owners[leaf], worker);
        }
        const blocks = [...local.values()].flatMap((worker) => worker.blocks());
        const arrivals = blocks
          .map((block, i) => ({ block, key: blockOrder[i] }))
          .sort((a, b) => a.key - b.key);
        const reduction = new TreeReduction(leaves.length);
        for (const { block } of arrivals) reduction.addNode(block.level, block.index, block.value, ownership);
        expect(hex(reduction.result())).toBe(hex(oracle(leaves)));
      }),
      { numRuns: 300 },
    );
  });

  it('never writes into a slab that it was only lent, nor hands one out', () => {
    fc.assert(
      fc.property(placements, ({ leaves, order }) => {
        const before = leaves.map(hex);
        const reduction = new TreeReduction(leaves.length);
        for (const leaf of order) reduction.add(leaf, leaves[leaf], 'lent');
        reduction.result()?.fill(7);
        expect(leaves.map(hex)).toEqual(before);
      }),
    );
  });

  it('lets go of the memory of all slabs that it was given but that of the sum, and reads none of it again', () => {
    fc.assert(
      fc.property(placements, ({ leaves, order }) => {
        const released = new Set<Float32Array>();
        const reduction = new TreeReduction(leaves.length, (slab) => {
          expect(released.has(slab)).toBe(false);
          released.add(slab.fill(NaN));
        });
        const given = leaves.map((leaf) => leaf?.slice() ?? null);
        for (const leaf of order) reduction.add(leaf, given[leaf], 'owned');
        const sum = reduction.result();
        expect(hex(sum)).toBe(hex(oracle(leaves)));
        const others = given.filter((slab) => slab !== null && slab !== sum);
        expect(released).toEqual(new Set(others));
      }),
    );
  });

  it('tells the fewest aligned blocks', () => {
    const reduction = new TreeReduction(8);
    for (const leaf of [6, 1, 2, 3, 7]) reduction.add(leaf, Float32Array.of(leaf));
    const blocks = reduction.blocks().map(({ level, index, value }) => [level, index, value?.[0]]);
    expect(blocks).toEqual([
      [0, 1, 1],
      [1, 1, 5],
      [1, 3, 13],
    ]);
  });

  it('keeps at most one waiting slab per level when leaves come in order', () => {
    const reduction = new TreeReduction(32);
    for (let leaf = 0; leaf < 32; leaf++) {
      reduction.add(leaf, Float32Array.of(1), 'owned');
      expect(reduction.blocks().length).toBeLessThanOrEqual(5);
    }
  });

  it('takes a leaf once, whether it comes alone or in a block', () => {
    const reduction = new TreeReduction(4);
    reduction.addNode(1, 0, Float32Array.of(1));
    expect(() => reduction.add(1, Float32Array.of(1))).toThrow(/already in/);
    expect(() => reduction.addNode(2, 0, Float32Array.of(1))).toThrow(/already in/);
    expect(() => reduction.add(4, null)).toThrow(/no node/);
    expect(() => reduction.add(2, Float32Array.of(1, 2))).toThrow(/2 floats/);
    expect(() => reduction.result()).toThrow(/misses leaves/);
    expect(() => new TreeReduction(6)).toThrow(/power of two/);
  });

  it('depends on the order of the tree: adding up in arrival order gives other bytes', () => {
    const leaves = [1e8, 1, -1e8, 1].map((value) => Float32Array.of(value));
    const inArrivalOrder = leaves.reduce((sum, leaf) => sum.map((value, i) => Math.fround(value + leaf[i])));
    expect(hex(reduceBlock(leaves))).not.toBe(hex(inArrivalOrder));
  });
});

describe('companions', () => {
  it('adds scalars in the order of the tree', () => {
    fc.assert(
      fc.property(
        placements,
        fc.array(fc.double({ noNaN: true }), { minLength: 32, maxLength: 32 }),
        (p, values) => {
          const tree = new ScalarTree(p.leaves.length);
          for (const leaf of p.order) tree.addNode(0, leaf, values[leaf]);
          const sum = (from: number, to: number): number =>
            to - from === 1 ? values[from] : sum(from, (from + to) / 2) + sum((from + to) / 2, to);
          expect(Object.is(tree.root(), sum(0, p.leaves.length))).toBe(true);
        },
      ),
    );
  });

  it('reduces a block without writing into its slabs', () => {
    const block = [Float32Array.of(1, 2), null, Float32Array.of(3, 4), Float32Array.of(5, 6)];
    const digests = block.map((s) => s && digestOf(bytesOf(s)));
    expect(reduceBlock(block)).toEqual(Float32Array.of(9, 12));
    expect(block.map((s) => s && digestOf(bytesOf(s)))).toEqual(digests);
    expect(reduceBlock([null, null])).toBeNull();
  });

  it('divides a sum by its count, rounding once', () => {
    const sum = Float32Array.of(1, -2, 10);
    divideByCount(sum, 3);
    expect([...sum]).toEqual([Math.fround(1 / 3), Math.fround(-2 / 3), Math.fround(10 / 3)]);
    expect(() => divideByCount(sum, 0)).toThrow(/count/);
  });
});
