import { assert } from '@ptychofleet/base';

/** A node of the tree: `level` 0 holds the leaves, `index` counts from the left within a level. */
export interface TreeNode<T> {
  readonly level: number;
  readonly index: number;
  /** `null` where no leaf below has samples. */
  readonly value: T | null;
}

/**
 * A fixed binary tree over `leafCount` leaves that merges siblings as soon as both are there (architecture §4).
 * Which pairs meet, and on which side, depends on the places alone, so the root does not depend on arrival order or on
 * who merged an aligned block. `null` is the identity. Holds at most the leaves still waiting for a sibling.
 */
export class CanonicalTree<T> {
  readonly leafCount: number;
  readonly #merge: (left: T, right: T) => T;
  /** Waiting nodes by heap number: root 1, children of n at 2n and 2n+1, so a sibling is n ^ 1. */
  readonly #waiting = new Map<number, T | null>();
  readonly #covered: Uint8Array;

  /** @param leafCount a power of two. */
  constructor(leafCount: number, merge: (left: T, right: T) => T) {
    assert(isPowerOfTwo(leafCount), `leaf count must be a power of two: ${leafCount}`);
    this.leafCount = leafCount;
    this.#merge = merge;
    this.#covered = new Uint8Array(leafCount);
  }

  /** Enters a node whose leaves are all still missing; a second value for a leaf is a bug of the caller. */
  addNode(level: number, index: number, value: T | null): void {
    const width = 2 ** level;
    assert(Number.isInteger(level) && level >= 0 && width <= this.leafCount, `no level ${level}`);
    assert(
      Number.isInteger(index) && index >= 0 && (index + 1) * width <= this.leafCount,
      `no node ${index}`,
    );
    const leaves = this.#covered.subarray(index * width, (index + 1) * width);
    assert(!leaves.includes(1), `a leaf below level ${level} node ${index} is already in`);
    leaves.fill(1);

    let node = this.leafCount / width + index;
    let merged = value;
    while (node > 1 && this.#waiting.has(node ^ 1)) {
      const sibling = this.#waiting.get(node ^ 1) as T | null;
      this.#waiting.delete(node ^ 1);
      merged = node % 2 === 1 ? this.#join(sibling, merged) : this.#join(merged, sibling);
      node >>>= 1;
    }
    this.#waiting.set(node, merged);
  }

  /** True once every leaf has entered. */
  get complete(): boolean {
    return this.#waiting.has(1);
  }

  /** The root, `null` when no leaf has samples. Only when {@link complete}. */
  root(): T | null {
    assert(this.complete, 'the reduction still misses leaves');
    return this.#waiting.get(1) as T | null;
  }

  /** The largest aligned blocks merged so far, from left to right. */
  blocks(): TreeNode<T>[] {
    const blocks = [...this.#waiting].map(([node, value]) => {
      const depth = Math.floor(Math.log2(node));
      return { level: Math.log2(this.leafCount) - depth, index: node - 2 ** depth, value };
    });
    return blocks.sort((a, b) => a.index * 2 ** a.level - b.index * 2 ** b.level);
  }

  #join(left: T | null, right: T | null): T | null {
    if (left === null) return right;
    return right === null ? left : this.#merge(left, right);
  }
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= 2 ** 20 && Number.isInteger(Math.log2(value));
}
