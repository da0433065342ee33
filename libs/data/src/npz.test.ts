import { bytesOf, Fault } from '@ptychofleet/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ByteSource } from './byte-source.ts';
import { decodeNpy, encodeNpy } from './npy.ts';
import { numericTypes, type NpyArray, type NumericArray, type NumericDtype } from './npy-types.ts';
import { NpzArchive, readNpz, writeNpz } from './npz.ts';
import * as numpy from './numpy-files.test-support.ts';
import { faultOf } from './scan.test-support.ts';
import { writeZip } from './zip.ts';

const dtypes = Object.keys(numericTypes) as NumericDtype[];
const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });

/** Any bits at all, so that NaN payloads and negative zeros are covered. */
const numericArrays: fc.Arbitrary<NumericArray> = fc
  .tuple(fc.constantFrom(...dtypes), shapes)
  .chain(([dtype, shape]) => {
    const { array: Type, lanes } = numericTypes[dtype];
    const length = shape.reduce((a, b) => a * b, 1) * lanes * Type.BYTES_PER_ELEMENT;
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((bytes) => ({ dtype, shape, data: new Type(bytes.slice().buffer) }) as NumericArray);
  });

const textArrays: fc.Arbitrary<NpyArray> = fc
  .array(
    fc.string({ unit: 'binary' }).map((text) => text.replace(/\0+$/, '')),
    { maxLength: 4 },
  )
  .map((data) => ({ dtype: 'text', shape: [data.length], data }));

const archives = fc.array(
  fc.tuple(fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,12}$/), fc.oneof(numericArrays, textArrays)),
  { maxLength: 5 },
);

function sameArray(a: NpyArray, b: NpyArray): boolean {
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false;
  if (a.dtype === 'text' || b.dtype === 'text') return JSON.stringify(a.data) === JSON.stringify(b.data);
  return Buffer.compare(bytesOf(a.data), bytesOf(b.data)) === 0;
}

describe('NPZ round trip', () => {
  it.each([true, false])('returns every array bit by bit and in order (compress: %s)', (compress) => {
    fc.assert(
      fc.property(archives, (entries) => {
        const unique = [...new Map(entries)];
        const read = readNpz(writeNpz(unique, { compress }));
        expect([...read.keys()]).toEqual(unique.map(([key]) => key));
        for (const [key, array] of unique) expect(sameArray(read.get(key) as NpyArray, array)).toBe(true);
      }),
    );
  });

  it('writes the same bytes in every time zone', () => {
    const zone = process.env.TZ;
    const write = (name: string): Uint8Array => {
      process.env.TZ = name;
      return writeNpz([['a', { dtype: 'float32', shape: [3], data: new Float32Array([1, 2, 3]) }]]);
    };
    const [east, west] = ['Pacific/Kiritimati', 'Pacific/Pago_Pago'].map(write);
    process.env.TZ = zone;
    if (zone === undefined) delete process.env.TZ;
    expect(Buffer.compare(east, west)).toBe(0);
  });
});

describe('interchange with NumPy', () => {
  const entries = readNpz(numpy.compressed);

  it('reads Fortran order, big-endian numbers, text, scalars and empty arrays', () => {
    expect(entries.get('fortran')).toEqual({
      dtype: 'float32',
      shape: [2, 3],
      data: new Float32Array([0, 1, 2, 3, 4, 5]),
    });
    expect(entries.get('big')).toEqual({ dtype: 'float64', shape: [2], data: new Float64Array([1.5, -2.5]) });
    expect(entries.get('bigc')).toEqual({ dtype: 'complex64', shape: [1], data: new Float32Array([1, 2]) });
    expect(entries.get('text')).toEqual({ dtype: 'text', shape: [2], data: ['ab', 'ü𝄞'] });
    expect(entries.get('flag')).toEqual({ dtype: 'bool', shape: [2], data: new Uint8Array([1, 0]) });
    expect(entries.get('zero')).toEqual({ dtype: 'int64', shape: [], data: new BigInt64Array([7n]) });
    expect(entries.get('empty')).toEqual({ dtype: 'uint16', shape: [0, 3], data: new Uint16Array() });
  });

  it('reads the text of a pickled metadata scalar', () => {
    const metadata = entries.get('_metadata') as { pickledJson: string };
    expect(JSON.parse(metadata.pickledJson)).toEqual({
      schema_version: '1.0.0',
      physics_parameters: { nphotons: 2.5e8, note: 'é' },
    });
  });

  it('writes .npy bytes equal to those of NumPy', () => {
    const data = new Float32Array([0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0]);
    expect(Buffer.compare(encodeNpy({ dtype: 'complex64', shape: [2, 3], data }), numpy.complexNpy)).toBe(0);
    const text = encodeNpy({ dtype: 'text', shape: [2], data: ['ab', 'ü𝄞'] });
    expect(Buffer.compare(text, numpy.textNpy)).toBe(0);
  });

  it('refuses other pickled objects but still reads their neighbours', () => {
    const fault = faultOf(() => readNpz(numpy.pickledObjects, 'scan.npz'));
    expect(fault.message).toMatch(/scan\.npz: objects: pickled object arrays are refused.*save it again/);
    expect(new NpzArchive(numpy.pickledObjects).read('a')).toMatchObject({ dtype: 'float64', shape: [3] });
  });

  it.each([
    ['a structured array', "[('a', '<f4')]", 'structured array'],
    ['half precision', "'<f2'", '"<f2"'],
  ])('refuses %s in one sentence', (_, descr, word) => {
    expect(
      faultOf(() => decodeNpy(npyWith(`{'descr': ${descr}, 'fortran_order': False, 'shape': (1,), }`), 'k'))
        .message,
    ).toContain(word);
  });
});

describe('hostile archives', () => {
  const sample = writeNpz([
    ['a', { dtype: 'float32', shape: [64], data: new Float32Array(64).fill(1.5) }],
    ['text', { dtype: 'text', shape: [2], data: ['one', 'two'] }],
    ['_metadata', { dtype: 'text', shape: [], data: ['{}'] }],
  ]);

  it('never throws anything but a Fault, whatever is flipped or cut', () => {
    for (const original of [sample, Uint8Array.from(numpy.compressed)]) {
      fc.assert(
        fc.property(mutations(original.length), ({ flips, length }) => {
          const bytes = original.slice(0, length);
          for (const { at, value } of flips) if (at < length) bytes[at] = value;
          onlyFaults(() => readNpz(bytes));
          onlyFaults(() => new NpzArchive(bytes).keys.forEach((key) => new NpzArchive(bytes).header(key)));
        }),
        { numRuns: 400 },
      );
    }
  });

  it('never throws anything but a Fault when an array itself is hostile', () => {
    const arrays = [...readNpzBytes(sample), ...readNpzBytes(numpy.compressed)];
    fc.assert(
      fc.property(
        fc.constantFrom(...arrays).chain((bytes) => fc.tuple(fc.constant(bytes), mutations(bytes.length))),
        fc.constantFrom('a', '_metadata'),
        ([original, { flips, length }], name) => {
          const bytes = original.slice(0, length);
          for (const { at, value } of flips) if (at < length) bytes[at] = value;
          onlyFaults(() => readNpz(writeZip([[`${name}.npy`, bytes]], false)));
        },
      ),
      { numRuns: 600 },
    );
  });

  it('refuses a declared size that DEFLATE cannot reach before unpacking anything', () => {
    const bytes = writeNpz([['a', { dtype: 'uint8', shape: [4], data: new Uint8Array(4) }]]);
    const directory = findSignature(bytes, 0x02014b50);
    new DataView(bytes.buffer).setUint32(directory + 24, 3_000_000_000, true);
    const reads: number[] = [];
    const source: ByteSource = {
      size: bytes.length,
      read: (offset, length) => (reads.push(length), bytes.subarray(offset, offset + length)),
    };
    expect(faultOf(() => readNpz(source)).message).toContain('cannot be true');
    expect(Math.max(...reads)).toBeLessThanOrEqual(bytes.length);
  });

  it('refuses too many entries, too much expansion and repeated names', () => {
    const limits = { maxEntries: 2, maxTotalBytes: 1e6 };
    expect(faultOf(() => readNpz(sample, 'x.npz', limits)).message).toContain('3 entries');
    const small = { maxEntries: 10, maxTotalBytes: 500 };
    expect(faultOf(() => readNpz(sample, 'x.npz', small)).message).toContain(
      'more than the allowed 500 bytes',
    );
    const twice = writeZip(
      [
        ['a.npy', new Uint8Array(3)],
        ['b.npy', new Uint8Array(3)],
      ],
      false,
    );
    for (let at = 0; at < twice.length; at++)
      if (twice[at] === 'b'.charCodeAt(0)) twice[at] = 'a'.charCodeAt(0);
    expect(faultOf(() => readNpz(twice)).message).toContain('"a.npy" is there twice');
  });

  it('tells a cut file from one that is no archive', () => {
    expect(faultOf(() => readNpz(sample.subarray(0, 300), 'x.npz')).message).toContain('cut short');
    expect(faultOf(() => readNpz(new TextEncoder().encode('hello'), 'x.npz')).message).toContain(
      'not a ZIP archive',
    );
    expect(faultOf(() => readNpz(new Uint8Array(), 'x.npz')).message).toContain('not a ZIP archive');
  });

  it('notices a changed byte by the checksum', () => {
    const bytes = writeNpz([['a', { dtype: 'float32', shape: [64], data: new Float32Array(64) }]], {
      compress: false,
    });
    bytes[findSignature(bytes, 0x02014b50) - 1] ^= 1;
    const fault = faultOf(() => readNpz(bytes));
    expect(fault.kind).toBe('data-loss');
    expect(fault.message).toContain('checksum');
  });

  it('reads Zip64 directories', () => {
    const array: NpyArray = { dtype: 'int32', shape: [2], data: new Int32Array([5, -6]) };
    const bytes = asZip64(writeNpz([['a', array]]));
    expect(readNpz(bytes).get('a')).toEqual(array);
  });
});

interface Mutation {
  readonly flips: readonly { at: number; value: number }[];
  readonly length: number;
}

function mutations(length: number): fc.Arbitrary<Mutation> {
  const flip = fc.record({ at: fc.nat(length - 1), value: fc.nat(255) });
  return fc.oneof(
    fc.record({ flips: fc.array(flip, { minLength: 1, maxLength: 4 }), length: fc.constant(length) }),
    fc.record({ flips: fc.constant([]), length: fc.nat(length - 1) }),
  );
}

function onlyFaults(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
}

function* readNpzBytes(bytes: Uint8Array): Generator<Uint8Array> {
  for (const entry of readNpz(bytes).values()) {
    yield encodeNpy('dtype' in entry ? entry : { dtype: 'text', shape: [], data: [entry.pickledJson] });
  }
  yield numpy.complexNpy;
  yield npyWith(
    "{'descr': '|O', 'fortran_order': False, 'shape': (), }",
    [0x80, 4, 0x8c, 2, 0x7b, 0x7d, 0x2e],
  );
}

function npyWith(dictionary: string, body: number[] = [0, 0, 0, 0]): Uint8Array {
  const header = new TextEncoder().encode(`${dictionary}\n`);
  return Uint8Array.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0, ...header, ...body]);
}

function findSignature(bytes: Uint8Array, signature: number): number {
  const mark = new Uint8Array(new Uint32Array([signature]).buffer);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(mark);
}

/** Rewrites a one-entry archive so that its sizes, offset and counts live in Zip64 records only. */
function asZip64(bytes: Uint8Array): Uint8Array {
  const directory = findSignature(bytes, 0x02014b50);
  const end = findSignature(bytes, 0x06054b50);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const nameLength = view.getUint16(directory + 28, true);
  const entry = bytes.slice(directory, directory + 46 + nameLength);
  const extra = new DataView(new ArrayBuffer(28));
  extra.setUint16(0, 1, true);
  extra.setUint16(2, 24, true);
  [24, 20, 42].forEach((at, i) =>
    extra.setBigUint64(4 + 8 * i, BigInt(view.getUint32(directory + at, true)), true),
  );
  const entryView = new DataView(entry.buffer);
  for (const at of [24, 20, 42]) entryView.setUint32(at, 0xffffffff, true);
  entryView.setUint16(30, 28, true);
  entryView.setUint16(32, 0, true);
  const record = new DataView(new ArrayBuffer(56));
  record.setUint32(0, 0x06064b50, true);
  [1, 1, entry.length + 28, directory].forEach((n, i) => record.setBigUint64(24 + 8 * i, BigInt(n), true));
  const locator = new DataView(new ArrayBuffer(20));
  locator.setUint32(0, 0x07064b50, true);
  locator.setBigUint64(8, BigInt(directory + entry.length + 28), true);
  const tail = bytes.slice(end, end + 22);
  tail.fill(0xff, 8, 20);
  tail.fill(0, 20, 22);
  return Buffer.concat([
    bytes.subarray(0, directory),
    entry,
    bytesOf(extra),
    bytesOf(record),
    bytesOf(locator),
    tail,
  ]);
}
