import { crc32, inflateRawSync } from 'node:zlib';
import { assert, Fault } from '@ptychofleet/base';
import { zipSync } from 'fflate';
import type { ByteSource } from './byte-source.ts';

/** What an archive from outside may cost. Checked against declared sizes before anything is allocated. */
export interface ArchiveLimits {
  readonly maxEntries: number;
  /** Sum of the declared sizes of all entries, bytes. */
  readonly maxTotalBytes: number;
}

export const defaultArchiveLimits: ArchiveLimits = { maxEntries: 4096, maxTotalBytes: 16 * 2 ** 30 };

export interface ZipEntry {
  readonly name: string;
  readonly method: 'stored' | 'deflated';
  readonly packedSize: number;
  readonly size: number;
  readonly crc: number;
  /** Where the local header begins. */
  readonly offset: number;
}

/** DEFLATE cannot shrink further (zlib's technical details), so a larger declared size is a lie. */
const maxDeflateRatio = 1032;

/**
 * Lists a ZIP archive from its central directory, Zip64 included.
 * @param label names the archive in errors.
 */
export function listZip(source: ByteSource, label: string, limits = defaultArchiveLimits): ZipEntry[] {
  const directory = locateDirectory(source, label);
  if (directory.count > limits.maxEntries) {
    throw refused(label, `it lists ${directory.count} entries, allowed are ${limits.maxEntries}`);
  }
  // 46 bytes is the fixed part of a directory entry.
  if (directory.count * 46 > directory.size || directory.offset + directory.size > source.size) {
    throw damaged(label, 'its directory points outside the file');
  }
  const bytes = source.read(directory.offset, directory.size);
  const view = viewOf(bytes);
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  let total = 0;
  let at = 0;
  for (let i = 0; i < directory.count; i++) {
    const { entry, next } = readDirectoryEntry(view, bytes, at, label);
    at = next;
    if (names.has(entry.name)) throw refused(label, `entry ${JSON.stringify(entry.name)} is there twice`);
    names.add(entry.name);
    const packing = entry.method === 'stored' ? 1 : maxDeflateRatio;
    if (entry.packedSize > source.size || entry.size > entry.packedSize * packing) {
      throw damaged(label, `entry ${JSON.stringify(entry.name)} declares sizes that cannot be true`);
    }
    total += entry.size;
    if (total > limits.maxTotalBytes) {
      throw refused(label, `it expands to more than the allowed ${limits.maxTotalBytes} bytes`);
    }
    entries.push(entry);
  }
  return entries;
}

/** Unpacks one entry and checks its CRC. */
export function readZipEntry(source: ByteSource, entry: ZipEntry, label: string): Uint8Array {
  const packed = source.read(payloadOffset(source, entry, label), entry.packedSize);
  const bytes = entry.method === 'stored' ? packed : inflate(packed, entry.size, entry.name, label);
  if (bytes.length !== entry.size || crc32(bytes) !== entry.crc) {
    throw damaged(label, `entry ${JSON.stringify(entry.name)} does not match its checksum`);
  }
  return bytes;
}

/** The first `length` bytes of an entry (fewer if it is shorter), without unpacking the rest; no checksum. */
export function readZipEntryStart(
  source: ByteSource,
  entry: ZipEntry,
  length: number,
  label: string,
): Uint8Array {
  const offset = payloadOffset(source, entry, label);
  const wanted = Math.min(length, entry.size);
  // Incompressible bytes grow by less than 1 % in DEFLATE; its own block headers need a few more.
  const packed = source.read(offset, Math.min(entry.packedSize, wanted + (wanted >>> 4) + 1024));
  if (entry.method === 'stored') return packed.subarray(0, wanted);
  const most = Math.min(entry.size, packed.length * maxDeflateRatio);
  return inflate(packed, most, entry.name, label, true).subarray(0, wanted);
}

/**
 * Writes a ZIP archive. Same entries in, same bytes out on every machine: order kept, times fixed, DEFLATE in
 * JavaScript at one level.
 */
export function writeZip(
  entries: readonly (readonly [name: string, bytes: Uint8Array])[],
  compress: boolean,
): Uint8Array {
  const files: Record<string, Uint8Array> = {};
  let total = 0;
  for (const [name, bytes] of entries) {
    assert(!(name in files), `zip entry ${name} is given twice`);
    files[name] = bytes;
    total += bytes.length;
  }
  // Beyond this the format needs Zip64, which the writer lacks.
  if (total >= 0xffff_0000) {
    throw new Fault(
      'unsupported',
      `archive: would hold ${total} bytes, at most 4 GiB can be written; split the scan`,
    );
  }
  // A time without a zone is local, and the library writes local fields: the same two words in every time zone.
  return zipSync(files, { level: compress ? 6 : 0, mtime: '1980-01-01T12:00:00', os: 3 });
}

function locateDirectory(source: ByteSource, label: string): { count: number; size: number; offset: number } {
  // The end record is 22 bytes plus a comment of at most 65535.
  const tailLength = Math.min(source.size, 22 + 0xffff);
  const tailOffset = source.size - tailLength;
  const tail = source.read(tailOffset, tailLength);
  const view = viewOf(tail);
  for (let at = tailLength - 22; at >= 0; at--) {
    if (view.getUint32(at, true) !== 0x06054b50 || view.getUint16(at + 20, true) !== tailLength - at - 22)
      continue;
    if (at >= 20 && view.getUint32(at - 20, true) === 0x07064b50) {
      const position = readUint64(view, at - 12);
      if (position + 56 > source.size) throw damaged(label, 'its Zip64 record points outside the file');
      const record = viewOf(source.read(position, 56));
      if (record.getUint32(0, true) !== 0x06064b50) throw damaged(label, 'its Zip64 record is missing');
      return { count: readUint64(record, 32), size: readUint64(record, 40), offset: readUint64(record, 48) };
    }
    return {
      count: view.getUint16(at + 10, true),
      size: view.getUint32(at + 12, true),
      offset: view.getUint32(at + 16, true),
    };
  }
  const begins = source.size >= 4 && viewOf(source.read(0, 4)).getUint32(0, true) === 0x04034b50;
  if (begins) throw damaged(label, 'it ends before its directory, so it was cut short');
  throw new Fault(
    'invalid-input',
    `${label}: is not a ZIP archive, expected an .npz file; save it with numpy.savez`,
    {
      field: label,
    },
  );
}

function readDirectoryEntry(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  label: string,
): { entry: ZipEntry; next: number } {
  if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50)
    throw damaged(label, 'its directory is broken');
  const nameLength = view.getUint16(at + 28, true);
  const extraLength = view.getUint16(at + 30, true);
  const extraAt = at + 46 + nameLength;
  const next = extraAt + extraLength + view.getUint16(at + 32, true);
  if (next > bytes.length) throw damaged(label, 'its directory is broken');
  const name = new TextDecoder().decode(bytes.subarray(at + 46, extraAt));
  if ((view.getUint16(at + 8, true) & 1) !== 0)
    throw refused(label, `entry ${JSON.stringify(name)} is encrypted`);
  const method = view.getUint16(at + 10, true);
  if (method !== 0 && method !== 8) {
    throw refused(
      label,
      `entry ${JSON.stringify(name)} uses compression method ${method}, allowed are 0 and 8`,
    );
  }
  let size = view.getUint32(at + 24, true);
  let packedSize = view.getUint32(at + 20, true);
  let offset = view.getUint32(at + 42, true);
  // Zip64: the extra field 1 holds, in this order, each value that does not fit 32 bits.
  let wide = findExtra(view, extraAt, extraLength, 1);
  const widen = (value: number): number => {
    if (value !== 0xffffffff) return value;
    if (wide === undefined || wide.at + 8 > wide.end)
      throw damaged(label, 'its directory lacks a Zip64 size');
    const result = readUint64(view, wide.at);
    wide = { at: wide.at + 8, end: wide.end };
    return result;
  };
  size = widen(size);
  packedSize = widen(packedSize);
  offset = widen(offset);
  const crc = view.getUint32(at + 16, true);
  return {
    entry: { name, method: method === 0 ? 'stored' : 'deflated', packedSize, size, crc, offset },
    next,
  };
}

function findExtra(
  view: DataView,
  from: number,
  length: number,
  id: number,
): { at: number; end: number } | undefined {
  for (let at = from; at + 4 <= from + length;) {
    const end = at + 4 + view.getUint16(at + 2, true);
    if (end > from + length) return undefined;
    if (view.getUint16(at, true) === id) return { at: at + 4, end };
    at = end;
  }
  return undefined;
}

function payloadOffset(source: ByteSource, entry: ZipEntry, label: string): number {
  const broken = (): Fault => damaged(label, `entry ${JSON.stringify(entry.name)} lies outside the file`);
  if (entry.offset + 30 > source.size) throw broken();
  const local = viewOf(source.read(entry.offset, 30));
  if (local.getUint32(0, true) !== 0x04034b50) throw broken();
  const offset = entry.offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  if (offset + entry.packedSize > source.size) throw broken();
  return offset;
}

function inflate(packed: Uint8Array, size: number, name: string, label: string, partial = false): Uint8Array {
  try {
    // zlib insists on room for one byte even for an empty entry.
    const options = { maxOutputLength: Math.max(1, size) };
    return inflateRawSync(packed, partial ? { ...options, finishFlush: 2 } : options);
  } catch (error) {
    throw damaged(label, `entry ${JSON.stringify(name)} cannot be unpacked`, error);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Values beyond 2^53 lose bits here, and every caller then finds them far outside the file. */
function readUint64(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function damaged(label: string, why: string, cause?: unknown): Fault {
  return new Fault(
    'data-loss',
    `${label}: is damaged: ${why}; copy or write it again`,
    { field: label },
    { cause },
  );
}

function refused(label: string, why: string): Fault {
  return new Fault('invalid-input', `${label}: is refused: ${why}; save it with numpy.savez`, {
    field: label,
  });
}
