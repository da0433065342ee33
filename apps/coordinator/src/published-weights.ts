import { valuesDigestOf, type ContentDigest, type ValuesDigest } from '@ptychofleet/base';
import { slabDigests, slabToBytes, type ParameterLayout } from '@ptychofleet/params';

/** The weights as workers pull them: copies under their digests, the newest and the one before it. */
export class PublishedWeights {
  readonly #layout: ParameterLayout;
  readonly #bytes = new Map<ContentDigest, Uint8Array>();
  /** Name of the newest. */
  digest: ValuesDigest;
  /** The beginnings of its tensors' digests, for the ledger. */
  tensors: string;

  constructor(layout: ParameterLayout, weights: Float32Array) {
    this.#layout = layout;
    [this.digest, this.tensors] = this.#add(weights);
  }

  /** The step before stays readable for workers that are just pulling it. */
  publish(weights: Float32Array): void {
    [this.digest, this.tensors] = this.#add(weights);
    for (const old of this.#bytes.keys()) {
      if (this.#bytes.size <= 2) break;
      this.#bytes.delete(old);
    }
  }

  bytesOf(digest: ContentDigest): Uint8Array | null {
    return this.#bytes.get(digest) ?? null;
  }

  #add(weights: Float32Array): [ValuesDigest, string] {
    const bytes = slabToBytes(weights).slice();
    const digest = valuesDigestOf(bytes);
    this.#bytes.set(digest, bytes);
    return [digest, slabDigests(this.#layout, weights).tensors];
  }
}
