/** Bytes that somebody else keeps; they do not change until they are given back. */
export interface LentBytes {
  readonly bytes: Uint8Array;
  /** Once. Who never does keeps the memory from being used again, and nothing else. */
  release(): void;
}

/** Bytes that never change. */
export function lasting(bytes: Uint8Array): LentBytes {
  return { bytes, release: () => undefined };
}
