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

interface Offer {
  readonly name: string;
  readonly file: SharedFile;
  readonly written: Promise<boolean>;
}

/** What a coordinator has workers read from memory: the newest contents, written when the first of them asks. */
export class SharedBlobs {
  readonly #folder: SharedFolder;
  readonly #isOpen: (sessionId: string) => boolean;
  /** The oldest first. */
  readonly #offers: Offer[] = [];

  constructor(folder: SharedFolder, isOpen: (sessionId: string) => boolean) {
    this.#folder = folder;
    this.#isOpen = isOpen;
  }

  /** Whether the content is in the folder now. */
  offer(digest: ContentDigest, bytes: Uint8Array): Promise<boolean> {
    if (bytes.length < sharedBytesMin || bytes.length > sharedBytesMax) return Promise.resolve(false);
    const name = blobFile(digest);
    const present = this.#offers.find((offer) => offer.name === name);
    if (present !== undefined) return present.written;
    const oldest = this.#offers.length < blobsKept ? undefined : this.#offers.shift();
    const file = oldest?.file ?? this.#folder.file();
    const written = Promise.resolve(oldest?.written).then(() => file.write(name, bytes));
    const offer = { name, file, written };
    this.#offers.push(offer);
    void written.then((there) => {
      if (!there && this.#offers.includes(offer)) this.#offers.splice(this.#offers.indexOf(offer), 1);
      return this.#clear();
    });
    return written;
  }

  /** A worker that was killed leaves its files behind. */
  async #clear(): Promise<void> {
    for (const name of await this.#folder.files()) {
      const [sessionId = '', place] = name.split('.');
      if (place !== undefined && !this.#isOpen(sessionId)) await this.#folder.remove(name);
    }
  }
}
