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

/** Memory of so many bytes to be filled; undefined where there is none to spare. */
export type SpareMemory = (bytes: number) => Uint8Array | undefined;

export interface CollectorOptions {
  /** One that has begun nothing yet: it is given each piece as it comes. */
  readonly digest?: (() => RunningDigest) | undefined;
  readonly spare?: SpareMemory | undefined;
}

/** Puts pieces together again: the length is checked before anything is allocated. */
export class ChunkCollector {
  readonly #what: string;
  readonly #bytesMax: number;
  readonly #options: CollectorOptions;
  #bytes: Uint8Array | null = null;
  #digest: RunningDigest | undefined;
  #filled = 0;

  constructor(what: string, bytesMax: number, options: CollectorOptions = {}) {
    this.#options = options;
    this.#what = what;
    this.#bytesMax = bytesMax;
  }

  /** A piece as messages carry it: the first one states the whole length. */
  add(chunk: { readonly data: Uint8Array; readonly totalBytes: number }): void {
    this.#append(this.#bytes ?? this.announce(chunk.totalBytes), chunk.data);
  }

  /** Once, before the first piece, where the length is known from elsewhere. */
  announce(total: number): Uint8Array {
    if (!Number.isSafeInteger(total) || total > this.#bytesMax) {
      throw new Fault(
        'exhausted',
        `${this.#what} has ${total} bytes, at most ${this.#bytesMax} are accepted`,
      );
    }
    this.#bytes = this.#options.spare?.(total) ?? new Uint8Array(total);
    assert(this.#bytes.length === total, 'the memory fits');
    this.#digest = this.#options.digest?.();
    return this.#bytes;
  }

  /** The next piece, after {@link announce}. */
  append(data: Uint8Array): void {
    assert(this.#bytes !== null, 'the length is announced before the first piece');
    this.#append(this.#bytes, data);
  }

  /** The next bytes are where {@link announce} wants them. */
  filled(bytes: number): void {
    assert(this.#bytes !== null && this.#filled + bytes <= this.#bytes.length, 'no more than was announced');
    this.#digest?.update(this.#bytes.subarray(this.#filled, this.#filled + bytes));
    this.#filled += bytes;
  }

  #append(bytes: Uint8Array, data: Uint8Array): void {
    if (this.#filled + data.length > bytes.length) {
      throw new Fault('data-loss', `${this.#what} is longer than the ${bytes.length} bytes announced`);
    }
    bytes.set(data, this.#filled);
    this.#filled += data.length;
    this.#digest?.update(data);
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
