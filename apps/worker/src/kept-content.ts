import type { ContentDigest } from '@ptychofleet/base';

interface Entry {
  readonly coming: Promise<void>;
  /** Tasks that wait for this or for what else they need. */
  users: number;
}

/** What has been brought to where it is used: each content once, however many ask for it at a time, the newest of those that nobody waits for. */
export class KeptContent {
  readonly #keptMax: number;
  readonly #forget: (digest: ContentDigest) => void;
  /** The oldest first. */
  readonly #entries = new Map<ContentDigest, Entry>();
  /** Content whose replacement is awaited. */
  readonly #foreseen = new Set<ContentDigest>();

  /** @param forget takes away what was brought */
  constructor(keptMax: number, forget: (digest: ContentDigest) => void) {
    this.#keptMax = keptMax;
    this.#forget = forget;
  }

  /**
   * @param bring is called where the content is not there and not on its way; what it fails with is told to all who wait
   * @returns when it is there; and what is to be called once it has been used
   */
  take(
    digest: ContentDigest,
    bring: () => Promise<void>,
  ): { readonly there: Promise<void>; readonly release: () => void } {
    const entry = this.#entries.get(digest) ?? this.#begin(digest, bring);
    entry.users += 1;
    const release = (): void => {
      entry.users -= 1;
      this.#trim();
    };
    return { there: entry.coming, release };
  }

  /**
   * Brings what replaces `before` as soon as it is there, before anybody takes it. Where that fails, who takes it has it brought.
   * @param next waits for it; null where nothing comes
   */
  async foresee<Next extends { readonly digest: ContentDigest; drop(): void }>(
    before: ContentDigest,
    next: () => Promise<Next | null>,
    bring: (next: Next) => Promise<void>,
  ): Promise<void> {
    if (this.#foreseen.has(before)) return;
    this.#foreseen.add(before);
    try {
      const coming = await next();
      if (coming === null) return;
      if (this.#entries.has(coming.digest)) return coming.drop();
      const { there, release } = this.take(coming.digest, () => bring(coming));
      await there.finally(release);
    } catch {
      // A lost connection ends the session, and who takes it asks again and is told what is wrong.
    } finally {
      this.#foreseen.delete(before);
    }
  }

  #begin(digest: ContentDigest, bring: () => Promise<void>): Entry {
    const entry = { coming: bring(), users: 0 };
    this.#entries.set(digest, entry);
    // What did not come is asked for again.
    entry.coming.catch(() => this.#entries.get(digest) === entry && this.#entries.delete(digest));
    return entry;
  }

  #trim(): void {
    for (const [digest, { users }] of this.#entries) {
      if (this.#entries.size <= this.#keptMax) return;
      if (users > 0) continue;
      this.#entries.delete(digest);
      this.#forget(digest);
    }
  }
}
