import { digestOf, type Digest } from '@ptychofleet/base';
import type { BlobStore } from './blob-store.ts';

/** Forgets everything with the process. */
export class MemoryBlobStore implements BlobStore {
  readonly #blobs = new Map<Digest, Uint8Array>();

  put(bytes: Uint8Array, digest: Digest = digestOf(bytes)): Promise<Digest> {
    this.#blobs.set(digest, bytes.slice());
    return Promise.resolve(digest);
  }

  get(digest: Digest): Promise<Uint8Array | null> {
    return Promise.resolve(this.#blobs.get(digest) ?? null);
  }

  has(digest: Digest): Promise<boolean> {
    return Promise.resolve(this.#blobs.has(digest));
  }

  delete(digest: Digest): Promise<void> {
    this.#blobs.delete(digest);
    return Promise.resolve();
  }
}
