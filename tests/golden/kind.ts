import type { Checks } from './comparison.ts';
import type { GoldenFile } from './golden-file.ts';

/** One kind of golden file: how it is told by its keys, and what is compared. */
export interface GoldenKind {
  readonly name: string;
  /** The keys that tell it, in words. */
  readonly signature: string;
  matches(file: GoldenFile): boolean;
  check(file: GoldenFile, checks: Checks): void;
}
