import { digestOfText, type ContentDigest } from '@ptychofleet/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeptContent } from './kept-content.ts';

const names = Array.from({ length: 6 }, (_, i) => digestOfText(`${i}`));

describe('kept content', () => {
  it('is there for whoever waits or has it, is brought once, and the rest is forgotten beyond what is kept', async () => {
    const acts = fc.array(
      fc.record({
        act: fc.constantFrom('take', 'arrive', 'fail', 'release'),
        of: fc.nat(names.length - 1),
      } as const),
      { maxLength: 80 },
    );
    await fc.assert(
      fc.asyncProperty(acts, fc.integer({ min: 1, max: 4 }), async (acts, keptMax) => {
        /** The definition: what is where, by what was asked of the other side. */
        const held = new Set<ContentDigest>();
        const coming = new Map<ContentDigest, { resolve: () => void; reject: (error: Error) => void }>();
        const uses: { digest: ContentDigest; there: Promise<void>; release: () => void; failed: boolean }[] =
          [];
        const kept = new KeptContent(keptMax, (digest) => {
          expect(uses.some((use) => use.digest === digest && !use.failed)).toBe(false);
          expect(held.delete(digest)).toBe(true);
        });
        for (const { act, of } of acts) {
          const digest = names[of]!;
          if (act === 'take') {
            const { there, release } = kept.take(digest, () => {
              expect(held.has(digest) || coming.has(digest)).toBe(false);
              return new Promise((resolve, reject) => coming.set(digest, { resolve, reject }));
            });
            there.catch(() => undefined);
            uses.push({ digest, there, release, failed: false });
          } else if (act === 'release') {
            // Who has it, or was told that it failed.
            const at = uses.findIndex((use) => use.digest === digest && !coming.has(digest));
            if (at >= 0) uses.splice(at, 1)[0]!.release();
          } else {
            const ends = coming.get(digest);
            coming.delete(digest);
            if (act === 'arrive' && ends !== undefined) held.add(digest);
            if (act === 'fail') for (const use of uses) if (use.digest === digest && ends) use.failed = true;
            if (act === 'arrive') ends?.resolve();
            else ends?.reject(new Error('lost'));
          }
          await new Promise((resolve) => setImmediate(resolve));
          for (const use of uses) {
            if (!use.failed && !coming.has(use.digest)) expect(held.has(use.digest)).toBe(true);
          }
          const used = new Set(uses.map((use) => use.digest));
          const unused = [...held].filter((one) => !used.has(one));
          if (act === 'release' && unused.length > 0)
            expect(held.size + coming.size).toBeLessThanOrEqual(keptMax);
        }
      }),
      { numRuns: 200 },
    );
  });

  /** What replaces names[0], told and brought by hand. */
  class Foreseen {
    readonly kept = new KeptContent(2, () => undefined);
    readonly brought: string[] = [];
    asked = 0;
    dropped = 0;
    tell: (digest: ContentDigest | null) => void = () => undefined;
    lose: (error: Error) => void = () => undefined;
    arrive: (error?: Error) => void = () => undefined;

    start(): Promise<void> {
      const next = () => {
        this.asked += 1;
        return new Promise<{ digest: ContentDigest; drop(): void } | null>((resolve, reject) => {
          this.tell = (digest) => resolve(digest && { digest, drop: () => void (this.dropped += 1) });
          this.lose = reject;
        });
      };
      return this.kept.foresee(names[0]!, next, ({ digest }) => this.bring(digest));
    }

    bring(digest: ContentDigest): Promise<void> {
      this.brought.push(digest);
      return new Promise((resolve, reject) => {
        this.arrive = (error) => (error ? reject(error) : resolve());
      });
    }

    take(digest: ContentDigest) {
      return this.kept.take(digest, () => this.bring(digest));
    }
  }

  it('that is foreseen is there for who takes it, asked for and brought once', async () => {
    const it = new Foreseen();
    const ended = it.start();
    await it.start();
    it.tell(names[1]!);
    await new Promise((resolve) => setImmediate(resolve));
    const { there, release } = it.take(names[1]!);
    it.arrive();
    await Promise.all([there, ended]);
    release();
    expect([it.asked, it.dropped, it.brought]).toEqual([1, 0, [names[1]]]);
  });

  it('that is foreseen too late is not brought twice', async () => {
    const it = new Foreseen();
    const ended = it.start();
    const { there, release } = it.take(names[1]!);
    it.tell(names[1]!);
    it.arrive();
    await Promise.all([there, ended]);
    release();
    expect([it.dropped, it.brought]).toEqual([1, [names[1]]]);
  });

  it('that is foreseen and does not come is brought by who takes it', async () => {
    const it = new Foreseen();
    for (const fail of [() => it.tell(null), () => it.lose(new Error('lost'))]) {
      const ended = it.start();
      fail();
      await ended;
    }
    const ended = it.start();
    it.tell(names[1]!);
    await new Promise((resolve) => setImmediate(resolve));
    it.arrive(new Error('cut'));
    await ended;
    const { there } = it.take(names[1]!);
    it.arrive();
    await there;
    expect([it.asked, it.brought]).toEqual([3, [names[1], names[1]]]);
  });
});
