import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Fault } from '@ptychofleet/base';
import { readNpz, type NpzEntry } from '@ptychofleet/data';

/** Real and imaginary part in the array's own order. */
export interface ComplexParts {
  readonly re: Float32Array;
  readonly im: Float32Array;
}

/**
 * One NPZ of golden vectors. It remembers which keys were asked for: a key that no check looked at is unknown, and a
 * file with an unknown key does not pass.
 */
export class GoldenFile {
  /** Path below the checked folder, with `/` between folders. */
  readonly name: string;
  /** The file as it is, for what reads whole files. */
  readonly bytes: Uint8Array;
  readonly #folder: string;
  readonly #entries: ReadonlyMap<string, NpzEntry>;
  readonly #seen = new Set<string>();

  /** @throws Fault when the file is not there or no NPZ. */
  constructor(folder: string, name: string) {
    this.name = name;
    this.#folder = folder;
    this.bytes = readFileSync(path.join(folder, name));
    this.#entries = readNpz(this.bytes, name);
  }

  get keys(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** Keys that nothing has read or set aside. */
  get unseen(): readonly string[] {
    return this.keys.filter((key) => !this.#seen.has(key));
  }

  has(...keys: string[]): boolean {
    return keys.every((key) => this.#entries.has(key));
  }

  /** The groups that a pattern captures, for every key that it matches. */
  captures(pattern: RegExp): string[][] {
    return this.keys.flatMap((key) => {
      const match = pattern.exec(key);
      return match === null ? [] : [match.slice(1)];
    });
  }

  /** Marks keys as known though their values are not needed, or are compared under another name. */
  setAside(...keys: string[]): void {
    for (const key of keys) this.#seen.add(key);
  }

  /** Any numbers in double precision; complex ones interleaved. */
  numbers(key: string): Float64Array {
    return Float64Array.from(this.#array(key).data as ArrayLike<number>, Number);
  }

  f32(key: string): Float32Array {
    return Float32Array.from(this.numbers(key));
  }

  integers(key: string): Int32Array {
    return Int32Array.from(this.numbers(key));
  }

  scalar(key: string): number {
    const values = this.numbers(key);
    if (values.length !== 1) throw this.#misfit(key, `${values.length} numbers`, 'one number');
    return values[0];
  }

  complex(key: string): ComplexParts {
    if (!this.isComplex(key)) throw this.#misfit(key, 'real numbers', 'complex ones');
    const values = this.numbers(key);
    const part = (lane: number) =>
      Float32Array.from({ length: values.length / 2 }, (_, i) => values[2 * i + lane]);
    return { re: part(0), im: part(1) };
  }

  shape(key: string): readonly number[] {
    return this.#array(key).shape;
  }

  /** @throws Fault when the array has another number of axes. */
  shapeOf(key: string, axes: number): number[] {
    const shape = this.shape(key);
    if (shape.length !== axes) throw this.#misfit(key, `shape (${shape.join(', ')})`, `${axes} axes`);
    return [...shape];
  }

  isComplex(key: string): boolean {
    return this.#array(key).dtype.startsWith('complex');
  }

  /** JSON that the array spells in UTF-8. */
  json(key: string): unknown {
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(this.numbers(key))));
  }

  /** Another file of the same folder, or null. */
  sibling(base: string): GoldenFile | null {
    const name = path.posix.join(path.posix.dirname(this.name), base);
    try {
      return new GoldenFile(this.#folder, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  #array(key: string) {
    const entry = this.#entries.get(key);
    if (entry === undefined) throw this.#misfit(key, 'nothing', 'an array that the others of its kind need');
    if (!('dtype' in entry) || entry.dtype === 'text') throw this.#misfit(key, 'text', 'numbers');
    this.#seen.add(key);
    return entry;
  }

  #misfit(key: string, received: string, expected: string): Fault {
    const message = `${this.name}: ${key}: received ${received}, expected ${expected}; save the file again`;
    return new Fault('invalid-input', message, { field: key, received, expected });
  }
}
