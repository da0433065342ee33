import { assert, Fault, type RunningDigest } from '@ptychofleet/base';
import { limits } from '@ptychofleet/config';

const chunkBytes = limits.chunkBytesMax;

/** Splits bytes into pieces for the wire; the first one states the whole length. An empty stream is one empty piece. */
export function* chunksOf(bytes: Uint8Array): Generator<{ data: Buffer; totalBytes: number }> {
  for (let start = 0; start === 0 || start < bytes.length; start += chunkBytes) {
    const part = bytes.subarray(start, start + chunkBytes);
    yield {
      data: Buffer.from(part.buffer, part.byteOffset, part.byteLength),
      totalBytes: start === 0 ? bytes.length : 0,
    };
  }
}

/** Puts pieces together again: the length is checked before anything is allocated. */
export class ChunkCollector {
  readonly #what: string;
  readonly #bytesMax: number;
  readonly #digest: RunningDigest | undefined;
  #bytes: Uint8Array | null = null;
  #filled = 0;

  /** @param digest is given each piece as it comes. */
  constructor(what: string, bytesMax: number, digest?: RunningDigest) {
    this.#digest = digest;
    this.#what = what;
    this.#bytesMax = bytesMax;
  }

  add(chunk: { readonly data: Uint8Array; readonly totalBytes: number }): void {
    if (this.#bytes === null) {
      const total = chunk.totalBytes;
      if (!Number.isSafeInteger(total) || total > this.#bytesMax) {
        throw new Fault(
          'exhausted',
          `${this.#what} has ${total} bytes, at most ${this.#bytesMax} are accepted`,
        );
      }
      this.#bytes = new Uint8Array(total);
    }
    if (this.#filled + chunk.data.length > this.#bytes.length) {
      throw new Fault('data-loss', `${this.#what} is longer than the ${this.#bytes.length} bytes announced`);
    }
    this.#bytes.set(chunk.data, this.#filled);
    this.#filled += chunk.data.length;
    this.#digest?.update(chunk.data);
  }

  finish(): Uint8Array {
    if (this.#bytes === null || this.#filled !== this.#bytes.length) {
      const wanted = this.#bytes?.length ?? 'at least one piece';
      throw new Fault(
        'data-loss',
        `${this.#what} ended after ${this.#filled} bytes, ${wanted} were announced`,
      );
    }
    assert(this.#filled === this.#bytes.length, 'all bytes are in');
    return this.#bytes;
  }
}
