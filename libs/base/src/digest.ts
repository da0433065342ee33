import { createHash } from 'node:crypto';
// eslint-disable-next-line no-restricted-imports -- code is loaded, as any import would load it, and nothing else read
import { createRequire } from 'node:module';

/** `sha256:` and 64 lower-case hex digits: the name of what is stored and handed out, as `sha256sum` prints it. */
export type Digest = `sha256:${string}`;

/** `blake3:` and 64 lower-case hex digits: the name of weights, gradients and results, thousands of times in a run (docs/adr/0019). */
export type ValuesDigest = `blake3:${string}`;

export type ContentDigest = Digest | ValuesDigest;

export function digestOf(...parts: readonly Uint8Array[]): Digest {
  const running = new RunningDigest('sha256');
  for (const part of parts) running.update(part);
  return running.finish();
}

export function valuesDigestOf(bytes: Uint8Array): ValuesDigest {
  const running = new RunningDigest('blake3');
  running.update(bytes);
  return running.finish();
}

/** What Node's hashes and BLAKE3's have in common. */
interface Hash {
  update(part: Buffer): unknown;
  digest(encoding: 'hex'): string;
  /** Of those that end with `digest`. */
  copy?(): Hash;
}

/** Loaded when it is needed first: that takes 30 ms, and most commands need none. */
function newBlake3(): Hash {
  blake ??= createRequire(import.meta.url)('@napi-rs/blake-hash') as { Blake3Hasher: new () => Hash };
  return new blake.Blake3Hasher();
}
let blake: { readonly Blake3Hasher: new () => Hash } | undefined;

export type DigestKind = 'sha256' | 'blake3';

/** A digest of bytes that come piece by piece, so that it is ready with the last piece. */
export class RunningDigest<Kind extends DigestKind = DigestKind> {
  readonly #kind: Kind;
  readonly #hash: Hash;

  constructor(kind: Kind) {
    this.#kind = kind;
    this.#hash = kind === 'blake3' ? newBlake3() : createHash('sha256');
  }

  update(part: Uint8Array): void {
    this.#hash.update(Buffer.from(part.buffer, part.byteOffset, part.byteLength));
  }

  /** Of what has come by now; more may follow. */
  soFar(): `${Kind}:${string}` {
    const copy = this.#hash.copy?.() ?? this.#hash;
    return `${this.#kind}:${copy.digest('hex')}`;
  }

  /** Once, after the last piece. */
  finish(): `${Kind}:${string}` {
    return `${this.#kind}:${this.#hash.digest('hex')}`;
  }
}

export function digestOfText(text: string): Digest {
  return digestOf(new TextEncoder().encode(text));
}

export function isDigest(text: string): text is Digest {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

export function isContentDigest(text: string): text is ContentDigest {
  return /^(sha256|blake3):[0-9a-f]{64}$/.test(text);
}

export function kindOf(digest: ContentDigest): DigestKind {
  return digest.startsWith('blake3:') ? 'blake3' : 'sha256';
}

/** The digits alone. */
export function hexOf(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** The bytes of a typed array, without a copy. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
