import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, digestOf, Fault, isDigest, type Digest } from '@ptychofleet/base';
import { writeFileAtomic } from './atomic-file.ts';
import type { BlobStore } from './blob-store.ts';

/** One file per blob, named by its digest: `blobs/ab/cdef…`. Durable once `put` returns. */
export class FsBlobStore implements BlobStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(bytes);
    if (!(await this.has(digest))) await writeFileAtomic(this.#pathOf(digest), bytes);
    return digest;
  }

  async get(digest: Digest): Promise<Uint8Array | null> {
    let bytes: Uint8Array;
    try {
      bytes = await readFile(this.#pathOf(digest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    if (digestOf(bytes) !== digest) {
      throw new Fault(
        'data-loss',
        `${this.#pathOf(digest)} is damaged: its content has another digest; delete it and send it again`,
      );
    }
    return bytes;
  }

  async has(digest: Digest): Promise<boolean> {
    return stat(this.#pathOf(digest)).then(
      (entry) => entry.isFile(),
      () => false,
    );
  }

  #pathOf(digest: Digest): string {
    // The digest becomes a path, so its form is checked here and not only where it came in.
    assert(isDigest(digest), `not a digest: ${digest}`);
    const hex = digest.slice('sha256:'.length);
    return join(this.#folder, 'blobs', hex.slice(0, 2), hex.slice(2));
  }
}
