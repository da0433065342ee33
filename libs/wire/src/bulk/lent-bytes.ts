import type { ContentDigest } from '@ptychofleet/base';

/** Bytes that somebody else keeps; they do not change until they are given back. */
export interface LentBytes {
  readonly bytes: Uint8Array;
  /** Once. Who never does keeps the memory from being used again, and nothing else. */
  release(): void;
}

/** With the name that they have. */
export interface NamedBytes extends LentBytes {
  readonly digest: ContentDigest;
}

/** Bytes that never change. */
export function lasting(bytes: Uint8Array): LentBytes {
  return { bytes, release: () => undefined };
}
