import { assert } from '@ptychofleet/base';
import { CanonicalTree, type TreeNode } from './canonical-tree.ts';
import { addSlab, divideSlab, ownHands, type Hands } from './slab-work.ts';

/** `owned`: the reduction may overwrite the slab and keep it. `lent`: it only reads it, until it has been merged. */
export type SlabOwnership = 'owned' | 'lent';

interface HeldSlab {
  readonly values: Float32Array;
  readonly owned: boolean;
}

/**
 * Sum of gradient slabs over the virtual shards, rounded to float32 at each node of the canonical tree
 * (architecture §4). Equal leaves give equal bytes for any arrival order and any placement.
 */
export class TreeReduction {
  readonly #tree: CanonicalTree<HeldSlab>;
  #size: number | null = null;

  /**
   * @param leafCount virtual shards V, a power of two.
   * @param release is given each owned slab that has been added to another one.
   */
  constructor(
    leafCount: number,
    release: (slab: Float32Array) => void = () => undefined,
    hands: Hands = ownHands,
  ) {
    this.#tree = new CanonicalTree<HeldSlab>(leafCount, (left, right) => {
      const sum = sumSlabs(left, right, hands);
      if (right.owned && right.values !== sum.values) release(right.values);
      return sum;
    });
  }

  /** Enters the sum of one micro-batch; `null` is a micro-batch without samples. */
  add(leaf: number, slab: Float32Array | null, ownership: SlabOwnership = 'lent'): void {
    this.addNode(0, leaf, slab, ownership);
  }

  /** Enters an aligned block of 2^level leaves that was added up elsewhere in the same tree order. */
  addNode(level: number, index: number, slab: Float32Array | null, ownership: SlabOwnership = 'lent'): void {
    if (slab !== null) {
      this.#size ??= slab.length;
      assert(slab.length === this.#size, `slab has ${slab.length} floats, others have ${this.#size}`);
    }
    this.#tree.addNode(level, index, slab === null ? null : { values: slab, owned: ownership === 'owned' });
  }

  get complete(): boolean {
    return this.#tree.complete;
  }

  /** The sum over all leaves, the caller's to keep and overwrite; `null` when no leaf has samples. */
  result(): Float32Array | null {
    const root = this.#tree.root();
    if (root === null) return null;
    return root.owned ? root.values : root.values.slice();
  }

  /**
   * What is merged so far as the fewest aligned blocks, in order: what a worker or a relay sends upwards.
   * The values are to be read, and only until the next add.
   */
  blocks(): TreeNode<Float32Array>[] {
    return this.#tree
      .blocks()
      .map(({ level, index, value }) => ({ level, index, value: value === null ? null : value.values }));
  }
}

/** Loss sums (float64) and group counts (exact integers) of a step, added up in the order of the gradients. */
export class ScalarTree extends CanonicalTree<number> {
  constructor(leafCount: number) {
    super(leafCount, (left, right) => left + right);
  }
}

/** The canonical sum of one whole aligned block; the number of slabs is a power of two and none is written to. */
export function reduceBlock(slabs: readonly (Float32Array | null)[]): Float32Array | null {
  const reduction = new TreeReduction(slabs.length);
  slabs.forEach((slab, leaf) => reduction.add(leaf, slab));
  return reduction.result();
}

/** The single division of a step: sum over groups → mean. Overwrites `sum`. */
export function divideByCount(sum: Float32Array, count: number, hands: Hands = ownHands): void {
  assert(Number.isSafeInteger(count) && count > 0, `count must be a positive integer: ${count}`);
  divideSlab(sum, count, hands);
}

function sumSlabs(left: HeldSlab, right: HeldSlab, hands: Hands): HeldSlab {
  // Addition of numbers is commutative, to the bit: either may be the one that is added to.
  const [to, from] = left.owned || !right.owned ? [left, right] : [right, left];
  const values = to.owned ? to.values : to.values.slice();
  addSlab(values, from.values, hands);
  return { values, owned: true };
}
