import type { Digest } from '@ptychofleet/base';

/**
 * Content by digest. What `put` has acknowledged survives the process where the store is durable; what `get` returns
 * has the digest that was asked for, or the call fails.
 */
export interface BlobStore {
  /** @param digest theirs, where it is known already */
  put(bytes: Uint8Array, digest?: Digest): Promise<Digest>;
  get(digest: Digest): Promise<Uint8Array | null>;
  has(digest: Digest): Promise<boolean>;
  /** Forgets it; nothing happens when it is not there. */
  delete(digest: Digest): Promise<void>;
}
