import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, Fault, hexOf, isDigest, type Digest } from '@ptychofleet/base';
import { writeFileAtomic } from './atomic-file.ts';
import type { BlobStore } from './blob-store.ts';
import { digestInBackground } from './digest-in-background.ts';
import { noFailpoints, type Failpoint } from './failpoint.ts';

/** One file per blob, named by its digest: `blobs/ab/cdef…`. Durable once `put` returns. */
export class FsBlobStore implements BlobStore {
  readonly #folder: string;

  readonly #failpoint: Failpoint;

  constructor(folder: string, failpoint: Failpoint = noFailpoints) {
    this.#folder = folder;
    this.#failpoint = failpoint;
  }

  async put(bytes: Uint8Array, known?: Digest): Promise<Digest> {
    const digest = known ?? (await digestInBackground(bytes));
    if (!(await this.has(digest))) await writeFileAtomic(this.#pathOf(digest), bytes, this.#failpoint);
    return digest;
  }

  /** For who compares the content with its digest himself. */
  async getUnchecked(digest: Digest): Promise<Uint8Array | null> {
    try {
      return await readFile(this.#pathOf(digest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  async get(digest: Digest): Promise<Uint8Array | null> {
    const bytes = await this.getUnchecked(digest);
    if (bytes === null) return null;
    if ((await digestInBackground(bytes)) !== digest) {
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

  /** Everything that is held; in no order. */
  async list(): Promise<Digest[]> {
    const entries = await readdir(join(this.#folder, 'blobs'), { recursive: true }).catch(() => []);
    return entries.map((entry) => `sha256:${entry.replace(/[/\\]/, '')}`).filter(isDigest);
  }

  async delete(digest: Digest): Promise<void> {
    await rm(this.#pathOf(digest), { force: true });
  }

  #pathOf(digest: Digest): string {
    // The digest becomes a path, so its form is checked here and not only where it came in.
    assert(isDigest(digest), `not a digest: ${digest}`);
    const hex = hexOf(digest);
    return join(this.#folder, 'blobs', hex.slice(0, 2), hex.slice(2));
  }
}
