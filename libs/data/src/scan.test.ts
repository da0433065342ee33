import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '@ptychofleet/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openByteSource, type ByteSource } from './byte-source.ts';
import type { NpyArray } from './npy-types.ts';
import { readNpz } from './npz.ts';
import { decodeScan, readScanHeader } from './scan-decode.ts';
import { encodeScan } from './scan-encode.ts';
import { faultOf, npzOf, sharedPath, validEntries } from './scan.test-support.ts';

const file = 'scan.npz';

function decodeWith(changes: Record<string, NpyArray | undefined>, n = 3) {
  const entries = { ...validEntries(n), ...changes };
  const present = Object.entries(entries).filter((pair): pair is [string, NpyArray] => pair[1] !== undefined);
  return decodeScan(npzOf(Object.fromEntries(present)), file);
}

function floats(shape: number[], value = 0.5): NpyArray {
  return { dtype: 'float32', shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value) };
}

function patternsWith(change: (data: Float32Array) => void): NpyArray {
  const { diff3d } = validEntries(3);
  change(diff3d.data as Float32Array);
  return diff3d;
}

function metadata(value: unknown): NpyArray {
  return { dtype: 'text', shape: [], data: [typeof value === 'string' ? value : JSON.stringify(value)] };
}

describe('decodeScan', () => {
  it('reads the documented form', () => {
    const entries = validEntries(3);
    const scan = decodeScan(npzOf(entries), file);
    expect(scan).toMatchObject({
      n: 3,
      N: 64,
      object: null,
      warnings: [],
      metadata: { nphotons: null, raw: null },
    });
    expect(scan.diffraction).toEqual(entries.diff3d.data);
    expect(scan.x).toEqual(entries.xcoords.data);
    expect(scan.probe.im[5]).toBe(Math.fround(Math.cos(11)));
  });

  it('finds patterns under either name, in either order and with a trailing axis', () => {
    const { diff3d, ...rest } = validEntries(3);
    const data = diff3d.data as Float32Array;
    const legacy = Float32Array.from(data, (_, at) => data[(at % 3) * 4096 + Math.floor(at / 3)]);
    const forms: Record<string, NpyArray>[] = [
      { diffraction: diff3d },
      { diff3d, diffraction: diff3d },
      { diff3d: { dtype: 'float32', shape: [64, 64, 3], data: legacy } },
      { diffraction: { dtype: 'float32', shape: [3, 64, 64, 1], data } },
      { diff3d: { dtype: 'float64', shape: [3, 64, 64], data: Float64Array.from(data) } },
    ];
    for (const form of forms) expect(decodeScan(npzOf({ ...rest, ...form }), file).diffraction).toEqual(data);
  });

  it('reads one or several probe modes', () => {
    const data = Float32Array.from({ length: 2 * 2 * 4096 }, (_, i) => i);
    const stack = decodeWith({ probeGuess: { dtype: 'complex64', shape: [2, 64, 64], data } }).probe;
    expect(stack.modes).toBe(2);
    expect([stack.re[4097], stack.im[4097]]).toEqual([8194, 8195]);
    const column: NpyArray = { dtype: 'complex64', shape: [64, 64, 1], data: data.slice(0, 8192) };
    expect(decodeWith({ probeGuess: column }).probe).toMatchObject({ modes: 1 });
  });

  it('drops trailing positions and mentions odd contents as warnings', () => {
    const x: NpyArray = { dtype: 'float64', shape: [5], data: new Float64Array(5).fill(9) };
    const extra = decodeWith({ xcoords: x, ycoords: x });
    expect(extra.x).toHaveLength(3);
    expect(extra.warnings).toEqual([
      expect.stringContaining('5 positions for 3 patterns, the last 2 are dropped'),
    ]);
    expect(decodeWith({ diff3d: patternsWith((data) => data.fill(0, 4096, 8192)) }).warnings).toEqual([
      expect.stringContaining('1 patterns of 3 that are all zero'),
    ]);
    expect(decodeWith({ diff3d: floats([3, 64, 64], 17) }).warnings).toEqual([
      expect.stringContaining('square root'),
    ]);
  });

  it('reads photons from metadata and tolerates what it cannot understand', () => {
    const good = decodeWith({ _metadata: metadata({ physics_parameters: { nphotons: 1e5 } }) });
    expect(good.metadata).toEqual({ nphotons: 1e5, raw: { physics_parameters: { nphotons: 1e5 } } });
    expect(decodeWith({ _metadata: metadata({}) })).toMatchObject({
      metadata: { nphotons: null },
      warnings: [],
    });
    for (const bad of ['{"physics', { physics_parameters: { nphotons: 'many' } }]) {
      const scan = decodeWith({ _metadata: metadata(bad) });
      expect(scan.metadata.nphotons).toBeNull();
      expect(scan.warnings).toHaveLength(1);
    }
  });

  const complexOnes: NpyArray = { dtype: 'complex64', shape: [32, 32], data: new Float32Array(2048).fill(1) };
  const cases: [
    what: string,
    field: string,
    message: RegExp,
    changes: Record<string, NpyArray | undefined>,
  ][] = [
    ['no patterns', 'diff3d', /is missing.*holds probeGuess, xcoords, ycoords/, { diff3d: undefined }],
    ['no probe', 'probeGuess', /is missing.*holds diff3d/, { probeGuess: undefined }],
    ['no positions', 'ycoords', /is missing/, { ycoords: undefined }],
    ['flat patterns', 'diff3d', /shape \(3, 4096\), expected square/, { diff3d: floats([3, 4096]) }],
    ['oblong patterns', 'diff3d', /shape \(3, 64, 32\), expected square/, { diff3d: floats([3, 64, 32]) }],
    [
      'an unsupported side',
      'diff3d',
      /N = 48, expected N in \{64, 128, 256\}/,
      { diff3d: floats([3, 48, 48]) },
    ],
    ['no pattern at all', 'diff3d', /at least one pattern/, { diff3d: floats([0, 64, 64]) }],
    [
      'counts',
      'diff3d',
      /uint16 values, which are counts.*numpy\.sqrt/,
      { diff3d: { dtype: 'uint16', shape: [3, 64, 64], data: new Uint16Array(3 * 4096).fill(9) } },
    ],
    [
      'NaN and infinity',
      'diff3d',
      /2 values that are NaN or infinite, the first at \[1, 0, 2\]/,
      { diff3d: patternsWith((data) => data.set([NaN, 1, Infinity], 4096 + 2)) },
    ],
    [
      'negative amplitudes',
      'diff3d',
      /1 negative values, the first at \[2, 63, 63\]/,
      { diff3d: patternsWith((data) => data.fill(-1, 3 * 4096 - 1)) },
    ],
    ['zeros', 'diff3d', /all zero/, { diff3d: floats([3, 64, 64], 0) }],
    [
      'two names that differ',
      'diff3d',
      /other values than under diffraction/,
      { diffraction: floats([3, 64, 64]) },
    ],
    [
      'too few positions',
      'xcoords',
      /2 positions for 3 patterns/,
      { xcoords: { ...floats([2]) }, ycoords: { ...floats([2]) } },
    ],
    [
      'unequal positions',
      'ycoords',
      /2 values for 3 xcoords, expected matching shapes/,
      { ycoords: floats([2]) },
    ],
    ['unequal starts', 'xcoords_start', /matching shapes/, { xcoords_start: floats([2]) }],
    ['positions in a table', 'xcoords', /shape \(3, 1\)/, { xcoords: floats([3, 1]) }],
    ['NaN positions', 'xcoords', /3 values that are NaN.*\[0\]/, { xcoords: floats([3], NaN) }],
    [
      'a probe of another side',
      'probeGuess',
      /shape \(32, 32\), expected \(64, 64\)/,
      { probeGuess: complexOnes },
    ],
    ['a real probe', 'probeGuess', /float32 values, expected complex64/, { probeGuess: floats([64, 64]) }],
    [
      'a dark probe',
      'probeGuess',
      /zero everywhere/,
      { probeGuess: { dtype: 'complex64', shape: [64, 64], data: new Float32Array(8192) } },
    ],
    [
      'a broken object',
      'objectGuess',
      /1 values that are NaN.*\[0, 1\]/,
      { objectGuess: { dtype: 'complex64', shape: [1, 2], data: new Float32Array([1, 1, 1, NaN]) } },
    ],
    [
      'an object stack',
      'objectGuess',
      /expected \(height, width\)/,
      { objectGuess: { ...complexOnes, shape: [1, 32, 32] } },
    ],
    ['text for patterns', 'diff3d', /received text/, { diff3d: metadata('x') }],
  ];

  it.each(cases)('refuses %s in one sentence', (_, field, message, changes) => {
    const fault = faultOf(() => decodeWith(changes));
    expect(fault.message).toMatch(/^scan\.npz: /);
    expect(fault.message).toMatch(message);
    expect(fault.details.field).toBe(field);
    expect(fault.exitCode).toBe(2);
  });

  it('throws nothing but Faults on damaged files', () => {
    const original = npzOf({ ...validEntries(1), _metadata: metadata({}) });
    const flips = fc.array(fc.record({ at: fc.nat(original.length - 1), value: fc.nat(255) }), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(flips, fc.nat(original.length), (changes, length) => {
        const bytes = original.slice(0, changes.length > 0 ? original.length : length);
        for (const { at, value } of changes) bytes[at] = value;
        for (const read of [decodeScan, readScanHeader]) {
          try {
            read(bytes, file);
          } catch (error) {
            if (!(error instanceof Fault)) throw error;
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('readScanHeader', () => {
  it('agrees with decodeScan and leaves the patterns unread', () => {
    const bytes = npzOf({
      ...validEntries(40),
      _metadata: metadata({ physics_parameters: { nphotons: 3e5 } }),
    });
    let read = 0;
    const source: ByteSource = {
      size: bytes.length,
      read: (offset, length) => ((read += length), bytes.subarray(offset, offset + length)),
    };
    expect(readScanHeader(source, file)).toEqual({
      n: 40,
      N: 64,
      modes: 1,
      nphotons: 3e5,
      hasObject: false,
      hasLabels: false,
    });
    expect(read).toBeLessThan(bytes.length / 3);
  });

  it('names what is missing', () => {
    const entries = validEntries(2);
    delete entries.probeGuess;
    expect(faultOf(() => readScanHeader(npzOf(entries), file)).message).toMatch(
      /scan\.npz: probeGuess: is missing/,
    );
  });
});

describe('encodeScan', () => {
  it('is undone by decodeScan and is stable', () => {
    const object = { height: 2, width: 3, data: Float32Array.from({ length: 12 }, (_, i) => i) };
    const raw = { physics_parameters: { nphotons: 12 } };
    const scan = { ...decodeWith({}), object, metadata: { nphotons: 12, raw } };
    const bytes = encodeScan(scan);
    expect(decodeScan(bytes, file)).toEqual(scan);
    expect(Buffer.compare(encodeScan(decodeScan(bytes, file)), bytes)).toBe(0);
    expect([...readNpz(bytes).keys()]).toEqual([
      'diff3d',
      'probeGuess',
      'xcoords',
      'ycoords',
      'xcoords_start',
      'ycoords_start',
      'scan_index',
      'objectGuess',
      '_metadata',
    ]);
  });
});

describe('openByteSource', () => {
  it('reads files and refuses folders and missing paths', () => {
    const folder = mkdtempSync(join(tmpdir(), 'scan-'));
    try {
      const path = join(folder, 'a.npz');
      writeFileSync(path, npzOf(validEntries(2)));
      const source = openByteSource(path);
      expect(decodeScan(source, path).n).toBe(2);
      source.close();
      mkdirSync(join(folder, 'b.npz'));
      expect(faultOf(() => openByteSource(join(folder, 'b.npz'))).message).toContain('is a folder');
      expect(faultOf(() => openByteSource(join(folder, 'c.npz'))).kind).toBe('not-found');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const real = [
  ['data/siemens_star_aps_64.npz', 516, 64],
  ['data/siemens_star_aps_128.npz', 516, 128],
  ['data/goldballs_sim_64.npz', 1595, 64],
  ['golden/sim/train.npz', 512, 64],
] as const;

describe.skipIf(real.some(([name]) => sharedPath(name) === null))(
  'published scans (absent on this machine)',
  () => {
    it.each(real)('%s decodes', (name, n, N) => {
      const source = openByteSource(sharedPath(name) as string);
      expect(readScanHeader(source, name)).toEqual({
        n,
        N,
        modes: 1,
        nphotons: null,
        hasObject: true,
        hasLabels: true,
      });
      expect(decodeScan(source, name)).toMatchObject({ n, N, warnings: [] });
      source.close();
    });
  },
);
