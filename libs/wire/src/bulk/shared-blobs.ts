import { hexOf, kindOf, type ContentDigest } from '@ptychofleet/base';
import type { SharedFile, SharedFolder } from './shared-folder.ts';

/** Below this, asking for a file takes longer than sending what is in it. */
export const sharedBytesMin = 64 << 10;
/** Scans of more would stand in memory twice. */
const sharedBytesMax = 64 << 20;
/** The newest weights, those of the step before, and those of a run interleaved with it. */
const blobsKept = 3;

export const blobFile = (digest: ContentDigest): string => `${kindOf(digest)}-${hexOf(digest)}`;
/** A worker has as many as it delivers results at a time. */
export const resultFile = (sessionId: string, place: number): string => `${sessionId}.${place}`;

/** What a coordinator has workers read from memory: the newest contents, written when the first of them asks. */
export class SharedBlobs {
  readonly #folder: SharedFolder;
  readonly #isOpen: (sessionId: string) => boolean;
  /** By name, the oldest first. */
  readonly #files = new Map<string, SharedFile>();

  constructor(folder: SharedFolder, isOpen: (sessionId: string) => boolean) {
    this.#folder = folder;
    this.#isOpen = isOpen;
  }

  /** Whether the content is in the folder now. */
  offer(digest: ContentDigest, bytes: Uint8Array): boolean {
    if (bytes.length < sharedBytesMin || bytes.length > sharedBytesMax) return false;
    const name = blobFile(digest);
    if (this.#files.has(name)) return true;
    const file = this.#takeFile();
    if (!file.write(name, bytes)) return false;
    this.#files.set(name, file);
    this.#clear();
    return true;
  }

  #takeFile(): SharedFile {
    const [oldest] = this.#files;
    if (oldest === undefined || this.#files.size < blobsKept) return this.#folder.file();
    this.#files.delete(oldest[0]);
    return oldest[1];
  }

  /** A worker that was killed leaves its files behind. */
  #clear(): void {
    for (const name of this.#folder.files()) {
      const [sessionId = '', place] = name.split('.');
      if (place !== undefined && !this.#isOpen(sessionId)) this.#folder.remove(name);
    }
  }
}
