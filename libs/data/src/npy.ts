import { assert, bytesOf, Fault } from '@ptychofleet/base';
import {
  isLittleEndianHost,
  numericTypes,
  type NpyArray,
  type NumericArray,
  type NumericDtype,
} from './npy-types.ts';
import { lastUnicodeString } from './pickle-text.ts';

/** A `|O` array is never unpickled; the only one we read is the scalar text `_metadata` (data spec §3). */
export interface PickledText {
  readonly pickledJson: string;
}

export type NpzEntry = NpyArray | PickledText;

/** What a `.npy` header says. `dataOffset` is where the elements begin. */
export interface NpyHeader {
  /** NumPy's type code, for example `<f4`. */
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  readonly dataOffset: number;
}

/** The entry whose scalar text NumPy pickles. */
export const metadataKey = '_metadata';

/** Longer headers are refused: NumPy itself warns above 10 000 characters. */
export const maxHeaderBytes = 16_384;

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const quoted = String.raw`'([^'\\]*)'|"([^"\\]*)"`;
const headerPattern = new RegExp(
  String.raw`^\{\s*'descr':\s*(?:${quoted}|(\[.*\]|\(.*\)))\s*,\s*'fortran_order':\s*(True|False)\s*,` +
    String.raw`\s*'shape':\s*\(((?:\s*\d{1,16}L?\s*,)*(?:\s*\d{1,16}L?)?)\s*\)\s*,?\s*\}\s*$`,
);

/**
 * Reads the header of `.npy` versions 1 to 3.
 * @param bytes the file or a prefix that holds at least its header.
 * @param name names the entry in errors.
 */
export function readNpyHeader(bytes: Uint8Array, name: string): NpyHeader {
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte)) {
    throw damaged(name, 'it does not begin with the NumPy magic string');
  }
  const major = bytes[6];
  if (major !== 1 && major !== 2 && major !== 3)
    throw damaged(name, `its NumPy format version ${major} is unknown`);
  const prefix = major === 1 ? 10 : 12;
  if (bytes.length < prefix) throw damaged(name, 'its header is cut short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maxHeaderBytes) throw damaged(name, `its header claims ${length} bytes`);
  const dataOffset = prefix + length;
  if (bytes.length < dataOffset) throw damaged(name, 'its header is cut short');
  const text = new TextDecoder(major === 3 ? 'utf-8' : 'latin1').decode(bytes.subarray(prefix, dataOffset));
  const match = headerPattern.exec(text);
  if (!match) throw damaged(name, 'its header is not of the form that NumPy writes');
  if (match[3] !== undefined) {
    throw new Fault(
      'unsupported',
      `${name}: is a structured array, expected a plain array; save its fields one by one`,
      {
        field: name,
      },
    );
  }
  const shape = (match[5] ?? '')
    .split(',')
    .flatMap((part) => (part.trim() === '' ? [] : [parseInt(part, 10)]));
  return { descr: match[1] ?? match[2] ?? '', fortranOrder: match[4] === 'True', shape, dataOffset };
}

/**
 * Decodes one `.npy` file. Big-endian elements are swapped and Fortran order is turned into C order. The result may
 * share memory with `bytes`.
 */
export function decodeNpy(bytes: Uint8Array, name: string): NpzEntry {
  const header = readNpyHeader(bytes, name);
  const body = bytes.subarray(header.dataOffset);
  if (header.descr.includes('O')) return pickledText(header, body, name);
  const type = /^([<>|=])([a-zA-Z])(\d{1,9})$/.exec(header.descr);
  const [, order, kind, width] = type ?? [];
  const itemSize = Number(width) * (kind === 'U' ? 4 : 1);
  const isText = kind === 'U' || kind === 'S';
  const dtype = isText ? 'text' : numericDtypeOf(`${kind}${width}`);
  if (type === null || dtype === undefined) {
    throw new Fault(
      'unsupported',
      `${name}: has the element type ${JSON.stringify(header.descr)}, expected numbers of 8 to 64 bits, complex numbers ` +
        'or text; convert it with .astype() before saving',
      { field: name, received: header.descr },
    );
  }
  const count = elementCount(header.shape, name);
  if (count * itemSize !== body.length) {
    throw damaged(
      name,
      `shape (${header.shape.join(', ')}) of ${header.descr} needs ${count * itemSize} bytes but ${body.length} are there`,
    );
  }
  const swap = order === '>' && itemSize > 1 && kind !== 'S';
  const unit = kind === 'c' ? itemSize / 2 : kind === 'U' ? 4 : itemSize;
  const native = swap ? swapped(body, unit) : body;
  const ordered =
    header.fortranOrder && header.shape.length > 1 ? toRowMajor(native, header.shape, itemSize) : native;
  if (dtype === 'text')
    return { dtype, shape: header.shape, data: decodeTexts(ordered, count, itemSize, kind === 'U') };
  const Type = numericTypes[dtype].array;
  // Typed arrays must start at a multiple of their element size. (A Buffer's own slice() would not copy.)
  const aligned = ordered.byteOffset % Type.BYTES_PER_ELEMENT === 0 ? ordered : new Uint8Array(ordered);
  const data = new Type(
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    ordered.byteLength / Type.BYTES_PER_ELEMENT,
  );
  return { dtype, shape: header.shape, data } as NumericArray;
}

/** Encodes as `.npy` version 1, byte for byte as NumPy does. */
export function encodeNpy(array: NpyArray): Uint8Array {
  assert(
    isLittleEndianHost,
    'this machine stores numbers big-endian first, which no supported platform does',
  );
  const count = array.shape.reduce((a, b) => a * b, 1);
  let descr: string;
  let body: Uint8Array;
  if (array.dtype === 'text') {
    assert(
      array.data.length === count,
      `text array holds ${array.data.length} elements, shape needs ${count}`,
    );
    const codes = array.data.map((text) => Array.from(text, (c) => c.codePointAt(0) as number));
    const width = Math.max(1, ...codes.map((text) => text.length));
    const padded = new Uint32Array(count * width);
    codes.forEach((text, i) => padded.set(text, i * width));
    [descr, body] = [`<U${width}`, bytesOf(padded)];
  } else {
    const type = numericTypes[array.dtype];
    assert(array.data.length === count * type.lanes, `${array.dtype} array does not fit its shape`);
    [descr, body] = [type.descr, bytesOf(array.data)];
  }
  const shape = array.shape.length === 1 ? `(${array.shape[0]},)` : `(${array.shape.join(', ')})`;
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  const total = Math.ceil((10 + dictionary.length + 1) / 64) * 64;
  const bytes = new Uint8Array(total + body.length);
  bytes.set([...magic, 1, 0, (total - 10) & 0xff, (total - 10) >>> 8]);
  bytes.set(new TextEncoder().encode(`${dictionary.padEnd(total - 11, ' ')}\n`), 10);
  bytes.set(body, total);
  return bytes;
}

function numericDtypeOf(code: string): NumericDtype | undefined {
  return (Object.keys(numericTypes) as NumericDtype[]).find(
    (dtype) => numericTypes[dtype].descr.slice(1) === code,
  );
}

function elementCount(shape: readonly number[], name: string): number {
  const count = shape.reduce((a, b) => a * b, 1);
  if (!Number.isSafeInteger(count) || shape.length > 32) throw damaged(name, 'its shape is beyond any array');
  return count;
}

function pickledText(header: NpyHeader, body: Uint8Array, name: string): PickledText {
  const text = name === metadataKey && header.shape.length === 0 ? lastUnicodeString(body) : undefined;
  if (text === undefined) {
    throw new Fault(
      'unsupported',
      `${name}: pickled object arrays are refused because loading one can run code; save it again as a plain array of ` +
        'numbers or of text (numpy.array(value) with a numeric or str dtype)',
      { field: name, received: header.descr },
    );
  }
  return { pickledJson: text };
}

function swapped(bytes: Uint8Array, unit: number): Uint8Array {
  const result = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += unit) {
    for (let i = 0; i < unit; i++) result[at + i] = bytes[at + unit - 1 - i];
  }
  return result;
}

/** Column-major (first axis fastest) to row-major. */
function toRowMajor(bytes: Uint8Array, shape: readonly number[], itemSize: number): Uint8Array {
  const result = new Uint8Array(bytes.length);
  const index = new Array<number>(shape.length).fill(0);
  const strides: number[] = [];
  shape.reduce((stride, side) => (strides.push(stride), stride * side), 1);
  let source = 0;
  for (let at = 0; at < bytes.length; at += itemSize) {
    for (let i = 0; i < itemSize; i++) result[at + i] = bytes[source * itemSize + i];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis];
      if (++index[axis] < shape[axis]) break;
      source -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}

function decodeTexts(bytes: Uint8Array, count: number, itemSize: number, unicode: boolean): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, i) => {
    const item = bytes.subarray(i * itemSize, (i + 1) * itemSize);
    if (!unicode) return new TextDecoder().decode(item).replace(/\0+$/, '');
    let text = '';
    for (let at = i * itemSize; at < (i + 1) * itemSize; at += 4) {
      const code = view.getUint32(at, true);
      text += code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
    }
    return text.replace(/\0+$/, '');
  });
}

function damaged(name: string, why: string): Fault {
  return new Fault('data-loss', `${name}: is not a readable NumPy array: ${why}; write the file again`, {
    field: name,
  });
}
