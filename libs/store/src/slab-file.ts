import { digestOf, Fault, hexOf, RunningDigest, type Digest } from '@ptychofleet/base';
import { slabFromBytes, slabToBytes } from '@ptychofleet/params';
import { updateInBackground } from './digest-in-background.ts';

/**
 * Named float32 arrays with a description, in one file: 8 bytes of name, uint32 length of the header, the header as JSON
 * padded with blanks to a multiple of 8, the arrays one after the other (little-endian), SHA-256 of all before.
 */
export interface SlabFile {
  readonly meta: unknown;
  readonly slabs: ReadonlyMap<string, Float32Array>;
}

/** A finished file, and the digest of all of it, which is had with the one in it. */
export interface SealedFile {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
}

const magic = new TextEncoder().encode('PFSLABS1');
const digestBytes = 32;
const headerBytesMax = 64 << 20;
/** A header grows from file to file of a run; the next one shall fit into the same memory. */
const spareBytes = 1 << 16;

/**
 * Copies the arrays before it returns, so that they may change at once; the digest is a pass over all bytes, and is taken
 * beside whatever goes on here.
 * @param used what an earlier call gave and nobody needs any more: its memory is written anew where it is large enough, since
 * fresh memory takes several times as long as the copy.
 */
export function encodeSlabFile(
  { meta, slabs }: SlabFile,
  used: Uint8Array | null = null,
): Promise<SealedFile> {
  const places = [...slabs].map(([name, { length }]) => ({ name, length }));
  const text = JSON.stringify({ slabs: places, meta }, exactly);
  const json = new TextEncoder().encode(text);
  const start = magic.length + 4;
  const header = Math.ceil((start + json.length) / 8) * 8 - start;
  const floats = places.reduce((sum, { length }) => sum + length, 0);
  const size = start + header + 4 * floats + digestBytes;
  // Not filled with zeros first: every byte is written below.
  const buffer =
    used !== null && used.buffer.byteLength >= size
      ? used.buffer
      : Buffer.allocUnsafeSlow(size + spareBytes).buffer;
  const bytes = new Uint8Array(buffer, 0, size);
  bytes.set(magic);
  new DataView(buffer).setUint32(magic.length, header, true);
  bytes.fill(0x20, start, start + header);
  bytes.set(json, start);
  let at = start + header;
  for (const slab of slabs.values()) {
    bytes.set(slabToBytes(slab), at);
    at += 4 * slab.length;
  }
  return sealed(bytes);
}

async function sealed(bytes: Uint8Array): Promise<SealedFile> {
  const end = bytes.length - digestBytes;
  const running = new RunningDigest('sha256');
  await updateInBackground(running, bytes.subarray(0, end));
  bytes.set(Buffer.from(hexOf(running.soFar()), 'hex'), end);
  running.update(bytes.subarray(end));
  return { bytes, digest: running.finish() };
}

/**
 * Reads a file of {@link encodeSlabFile}; every size is checked before anything is made of it.
 * @param label names the file in errors.
 * @throws Fault data-loss when it is none, is cut, or does not match its digest
 */
export function decodeSlabFile(bytes: Uint8Array, label: string): SlabFile {
  const damaged = (why: string): Fault =>
    new Fault('data-loss', `${label} cannot be read: ${why}; use another checkpoint`, { field: label });
  const start = magic.length + 4;
  if (bytes.length < start + digestBytes || magic.some((byte, i) => bytes[i] !== byte))
    throw damaged('it is not a checkpoint of this program');
  const body = bytes.subarray(0, bytes.length - digestBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = view.getUint32(magic.length, true);
  if (header > headerBytesMax || start + header > body.length) throw damaged('it is cut off');
  const claimed = Buffer.from(bytes.subarray(bytes.length - digestBytes)).toString('hex');
  if (digestOf(body) !== `sha256:${claimed}`) throw damaged('it is cut off or damaged');
  const parsed = parseHeader(body.subarray(start, start + header));
  if (parsed === null) throw damaged('its header is malformed');
  const slabs = new Map<string, Float32Array>();
  let at = start + header;
  for (const { name, length } of parsed.slabs) {
    if (at + 4 * length > body.length || slabs.has(name)) throw damaged('its arrays do not fit in it');
    // A copy: the arrays are written to, and outlive the bytes of the file.
    slabs.set(name, slabFromBytes(new Uint8Array(body.subarray(at, at + 4 * length)), length));
    at += 4 * length;
  }
  if (at !== body.length) throw damaged('it holds more than its header says');
  return { meta: parsed.meta, slabs };
}

interface Header {
  readonly slabs: readonly { readonly name: string; readonly length: number }[];
  readonly meta: unknown;
}

function parseHeader(bytes: Uint8Array): Header | null {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), revived);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('slabs' in value) || !('meta' in value)) return null;
  if (!Array.isArray(value.slabs)) return null;
  const fits = value.slabs.every((slab: unknown) => {
    if (typeof slab !== 'object' || slab === null || !('name' in slab) || !('length' in slab)) return false;
    return typeof slab.name === 'string' && Number.isSafeInteger(slab.length) && (slab.length as number) >= 0;
  });
  return fits ? (value as Header) : null;
}

// JSON has no word for these numbers, and a checkpoint gives back what was put in.
const unusual: readonly [text: string, number: number][] = [
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
];

function exactly(_key: string, value: unknown): unknown {
  if (typeof value !== 'number') return value;
  const known = unusual.find(([, number]) => Object.is(number, value));
  return known === undefined ? value : { $number: known[0] };
}

function revived(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('$number' in value)) return value;
  const known = unusual.find(([text]) => text === value.$number);
  return known === undefined ? value : known[1];
}
