import { Fault } from '@ptychofleet/base';
import { byteSourceOf, type ByteSource } from './byte-source.ts';
import { decodeNpy, encodeNpy, maxHeaderBytes, readNpyHeader, type NpyHeader, type NpzEntry } from './npy.ts';
import type { NpyArray } from './npy-types.ts';
import {
  listZip,
  readZipEntry,
  readZipEntryStart,
  writeZip,
  type ArchiveLimits,
  type ZipEntry,
} from './zip.ts';

/** An NPZ archive whose arrays are unpacked one by one, when asked for. */
export class NpzArchive {
  readonly #source: ByteSource;
  readonly #entries: ReadonlyMap<string, ZipEntry>;
  readonly #label: string;

  /** @param label names the archive in errors, usually its file name. */
  constructor(input: Uint8Array | ByteSource, label = 'npz', limits?: ArchiveLimits) {
    this.#source = byteSourceOf(input);
    this.#label = label;
    const arrays = listZip(this.#source, label, limits).filter((entry) => entry.name.endsWith('.npy'));
    this.#entries = new Map(arrays.map((entry) => [entry.name.slice(0, -'.npy'.length), entry]));
  }

  get keys(): string[] {
    return [...this.#entries.keys()];
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Type and shape of an array, without unpacking its elements. */
  header(key: string): NpyHeader {
    const start = readZipEntryStart(this.#source, this.#entry(key), maxHeaderBytes + 12, this.#label);
    return this.#labelled(() => readNpyHeader(start, key));
  }

  read(key: string): NpzEntry {
    const bytes = readZipEntry(this.#source, this.#entry(key), this.#label);
    return this.#labelled(() => decodeNpy(bytes, key));
  }

  #entry(key: string): ZipEntry {
    const entry = this.#entries.get(key);
    if (entry) return entry;
    throw new Fault(
      'invalid-input',
      `${this.#label}: ${key}: is missing, the file holds ${this.keys.join(', ') || 'no arrays'}; add it and save again`,
      { field: key, received: this.keys.join(', ') },
    );
  }

  #labelled<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      throw new Fault(error.kind, `${this.#label}: ${error.message}`, error.details, { cause: error });
    }
  }
}

/** All arrays of an NPZ file by key (without `.npy`). Arrays may share memory with `bytes`. */
export function readNpz(
  input: Uint8Array | ByteSource,
  label?: string,
  limits?: ArchiveLimits,
): Map<string, NpzEntry> {
  const archive = new NpzArchive(input, label, limits);
  return new Map(archive.keys.map((key) => [key, archive.read(key)]));
}

/** Writes an NPZ file; equal entries in equal order give equal bytes on every machine. */
export function writeNpz(
  entries: Iterable<readonly [key: string, array: NpyArray]>,
  options: { readonly compress?: boolean } = {},
): Uint8Array {
  const files = [...entries].map(([key, array]) => [`${key}.npy`, encodeNpy(array)] as const);
  return writeZip(files, options.compress ?? true);
}
