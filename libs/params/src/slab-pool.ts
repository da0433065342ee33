import { assert } from '@ptychofleet/base';

/** Spare slabs of one length, for a step's gradients: fresh memory takes longer to come by than a slab takes to be added up. Two threads may work on them. */
export class SlabPool {
  readonly #length: number;
  readonly #keptMax: number;
  readonly #spare: Float32Array[] = [];

  /** @param keptMax beyond as many spare ones, more are left to the garbage collector */
  constructor(length: number, keptMax: number) {
    this.#length = length;
    this.#keptMax = keptMax;
  }

  /** With whatever values were in it last. */
  take(): Float32Array {
    return this.#spare.pop() ?? new Float32Array(new SharedArrayBuffer(4 * this.#length));
  }

  /** Nobody may read or write the slab any more; one of another length is dropped. */
  readonly give = (slab: Float32Array): void => {
    assert(!this.#spare.includes(slab), 'a slab is given back once');
    if (slab.length === this.#length && this.#spare.length < this.#keptMax) this.#spare.push(slab);
  };
}
