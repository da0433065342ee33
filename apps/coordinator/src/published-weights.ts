import { assert, type ContentDigest, type ValuesDigest } from '@ptychofleet/base';
import {
  namedSlabDigests,
  ownHands,
  slabToBytes,
  type Hands,
  type ParameterLayout,
} from '@ptychofleet/params';
import type { LentBytes, NamedBytes } from '@ptychofleet/wire';

interface Version {
  readonly bytes: Uint8Array;
  /** Transfers that read it. */
  lent: number;
}

/** The newest, and the one before it for workers that are just fetching it. */
const versionsKept = 2;

/** The weights as workers pull them: copies under their digests, in memory that is used again when nobody reads it. */
export class PublishedWeights {
  readonly #layout: ParameterLayout;
  readonly #hands: Hands;
  /** The oldest first. */
  readonly #versions = new Map<ContentDigest, Version>();
  #spare: Uint8Array | null = null;
  /** Who wants the next ones. */
  readonly #waiting = new Set<(next: NamedBytes | null) => void>();
  #newestName: ValuesDigest | null = null;
  /** The beginnings of the newest's tensors' digests, for the ledger. */
  tensors = '';

  constructor(layout: ParameterLayout, hands: Hands = ownHands) {
    this.#layout = layout;
    this.#hands = hands;
  }

  /** Name of the newest. */
  get digest(): ValuesDigest {
    assert(this.#newestName !== null, 'there are weights');
    return this.#newestName;
  }

  publish(weights: Float32Array): void {
    [this.#newestName, this.tensors] = this.#add(weights);
    this.#tell(() => this.#newest());
    for (const [digest, version] of this.#versions) {
      if (this.#versions.size <= versionsKept) break;
      this.#versions.delete(digest);
      this.#reuse(version);
    }
  }

  /** Null where they are not kept any more. */
  lend(digest: ContentDigest): LentBytes | null {
    const version = this.#versions.get(digest);
    if (version === undefined) return null;
    version.lent += 1;
    let lent = true;
    const release = (): void => {
      assert(lent, 'what was lent is given back once');
      lent = false;
      version.lent -= 1;
      if (this.#versions.get(digest) !== version) this.#reuse(version);
    };
    return { bytes: version.bytes, release };
  }

  /**
   * The newest, as soon as they are others than these; null when there are none before the run ends. At once null where these are not kept.
   * @param gone fires when nobody waits any more
   */
  next(digest: ContentDigest, gone: AbortSignal): Promise<NamedBytes | null> | null {
    if (!this.#versions.has(digest)) return null;
    if (digest !== this.digest) return Promise.resolve(this.#newest());
    return new Promise((resolve) => {
      const told = (next: NamedBytes | null): void => {
        gone.removeEventListener('abort', leave);
        resolve(next);
      };
      const leave = (): void => {
        this.#waiting.delete(told);
        resolve(null);
      };
      if (gone.aborted) return leave();
      gone.addEventListener('abort', leave, { once: true });
      this.#waiting.add(told);
    });
  }

  /** None will follow. */
  close(): void {
    this.#tell(() => null);
  }

  #tell(what: () => NamedBytes | null): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const told of waiting) told(what());
  }

  #newest(): NamedBytes {
    const lent = this.lend(this.digest);
    assert(lent !== null, 'the newest are kept');
    return { ...lent, digest: this.digest };
  }

  #add(weights: Float32Array): [ValuesDigest, string] {
    const bytes = this.#spare ?? new Uint8Array(weights.byteLength);
    this.#spare = null;
    bytes.set(slabToBytes(weights));
    const { name: digest, tensors } = namedSlabDigests(this.#layout, weights, this.#hands);
    const same = this.#versions.get(digest);
    this.#versions.delete(digest);
    if (same !== undefined) this.#reuse(same);
    this.#versions.set(digest, { bytes, lent: 0 });
    return [digest, tensors];
  }

  /** Of a version that cannot be asked for any more. */
  #reuse({ bytes, lent }: Version): void {
    if (lent === 0) this.#spare = bytes;
  }
}
