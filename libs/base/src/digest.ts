import { createHash } from 'node:crypto';

/** `sha256:` and 64 lower-case hex digits: the name of some bytes. */
export type Digest = `sha256:${string}`;

export function digestOf(...parts: readonly Uint8Array[]): Digest {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return `sha256:${hash.digest('hex')}`;
}

/** A digest of bytes that come piece by piece, so that it is ready with the last piece. */
export class RunningDigest {
  readonly #hash = createHash('sha256');

  update(part: Uint8Array): void {
    this.#hash.update(part);
  }

  /** Once, after the last piece. */
  finish(): Digest {
    return `sha256:${this.#hash.digest('hex')}`;
  }
}

export function digestOfText(text: string): Digest {
  return digestOf(new TextEncoder().encode(text));
}

export function isDigest(text: string): text is Digest {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/** The bytes of a typed array, without a copy. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
