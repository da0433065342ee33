import { RandomSequence, RandomStream } from '@ptychofleet/base';
import { describe, expect, it } from 'vitest';
import type { NpyArray } from './npy-types.ts';
import { decodePrepared, encodePrepared } from './prepared-codec.ts';
import { prepareScan, type PrepareOptions } from './prepare.ts';
import { decodeScan, readScanHeader } from './scan-decode.ts';
import { encodeScan } from './scan-encode.ts';
import { faultOf, npzOf, validEntries } from './scan.test-support.ts';
import { subsampleScan } from './subsample.ts';

const n = 5;
const area = 64 * 64;
const draw = new RandomSequence(new RandomStream(1, 'labels'));
const real = (): NpyArray => ({
  dtype: 'float32',
  shape: [n, 64, 64],
  data: Float32Array.from({ length: n * area }, () => draw.uniform()),
});
const complexOf = (amplitude: NpyArray, phase: NpyArray): NpyArray => {
  const [a, p] = [amplitude.data as Float32Array, phase.data as Float32Array];
  const data = Float32Array.from({ length: 2 * a.length }, (_, i) => {
    const at = i >> 1;
    return (a[at] as number) * (i % 2 === 0 ? Math.cos(p[at] as number) : Math.sin(p[at] as number));
  });
  return { dtype: 'complex64', shape: [n, 64, 64], data };
};
const [amplitude, phase] = [real(), real()];
const scanWith = (entries: Record<string, NpyArray>) =>
  decodeScan(npzOf({ ...validEntries(n), ...entries }), 'scan.npz');
const labelled = scanWith({ label_amp: amplitude, label_phase: phase });
const object: NpyArray = {
  dtype: 'complex64',
  shape: [140, 150],
  data: Float32Array.from({ length: 2 * 140 * 150 }, () => draw.uniform() - 0.5),
};

const options: PrepareOptions = {
  gridsize: 1,
  nphotons: 1e5,
  probeScale: 4,
  probeNormalization: 'target',
  targetAmplitude: 0.5,
};

describe('labels of a scan file', () => {
  it('are read as a pair, or complex under either name, the pair first', () => {
    expect(labelled.labels?.amplitude).toEqual(amplitude.data);
    expect(labelled.labels?.phase).toEqual(phase.data);
    for (const key of ['label', 'Y']) {
      const labels = scanWith({ [key]: complexOf(amplitude, phase) }).labels;
      expect(labels?.source).toBe(key);
      for (let i = 0; i < n * area; i += 97) {
        expect(labels?.amplitude[i]).toBeCloseTo(amplitude.data[i] as number, 5);
        expect(labels?.phase[i]).toBeCloseTo(phase.data[i] as number, 4);
      }
    }
    const both = scanWith({ label_amp: amplitude, label_phase: phase, Y: complexOf(phase, amplitude) });
    expect(both.labels?.amplitude).toEqual(amplitude.data);
    expect(scanWith({}).labels).toBeUndefined();
  });

  it('survive writing and reading, and a subsample keeps those of its patterns', () => {
    const again = decodeScan(encodeScan(labelled), 'again.npz');
    expect(again.labels?.amplitude).toEqual(amplitude.data);
    const part = subsampleScan(labelled, 2, 3);
    [0, 1].forEach((i) => {
      const original = labelled.x.indexOf(part.x[i] as number);
      const expected = labelled.labels?.phase.subarray(original * area, (original + 1) * area);
      expect(part.labels?.phase.subarray(i * area, (i + 1) * area)).toEqual(expected);
    });
  });

  it.each<[string, Record<string, NpyArray>, string]>([
    ['half of the pair', { label_amp: amplitude }, 'label_phase: received nothing'],
    [
      'labels of another scan',
      { label: { dtype: 'complex64', shape: [4, 64, 64], data: new Float32Array(8 * area) } },
      'label: received shape (4, 64, 64), expected one patch for each pattern, (5, 64, 64)',
    ],
    ['real numbers under a complex name', { label: amplitude }, 'label: received float32 values'],
    [
      'labels that are not finite',
      {
        label_amp: { dtype: 'float32', shape: [n, 64, 64], data: new Float32Array(n * area).fill(NaN) },
        label_phase: phase,
      },
      'label_amp: received 20480 values that are NaN',
    ],
  ])('%s are refused in one sentence', (_, entries, message) => {
    expect(faultOf(() => scanWith(entries)).message).toContain(message);
  });

  it('leaves a Y of another shape aside, with a warning', () => {
    const scan = scanWith({
      Y: { dtype: 'complex64', shape: [2, 64, 64], data: new Float32Array(4 * area) },
    });
    expect(scan.labels).toBeUndefined();
    expect(scan.warnings.join()).toContain('Y has shape (2, 64, 64)');
  });

  it('are announced by the header, also where they can be cut from the object', () => {
    const header = (entries: Record<string, NpyArray>) =>
      readScanHeader(npzOf({ ...validEntries(n), ...entries }), 'scan.npz').hasLabels;
    expect(header({})).toBe(false);
    expect(header({ Y: complexOf(amplitude, phase) })).toBe(true);
    expect(header({ objectGuess: object })).toBe(true);
  });
});

describe('labels of a prepared scan', () => {
  const groups = Int32Array.of(3, 1, 4);

  it("are those of the patterns in use, in the network's units", () => {
    const prepared = prepareScan(labelled, groups, { ...options, labelsFor: 'a test' });
    expect(prepareScan(labelled, groups, options).labels).toBeUndefined();
    [1, 3, 4].forEach((pattern, i) => {
      for (let pixel = 0; pixel < area; pixel += 61) {
        const expected = (amplitude.data[pattern * area + pixel] as number) / prepared.scales.object;
        expect(prepared.labels?.amplitude[i * area + pixel]).toBe(Math.fround(expected));
        expect(prepared.labels?.phase[i * area + pixel]).toBe(phase.data[pattern * area + pixel]);
      }
    });
    expect(decodePrepared(encodePrepared(prepared))).toEqual(prepared);
  });

  it('are cut from the object at the scan positions where the file has none', () => {
    const whole = { xcoords: [70, 71, 72, 73, 74], ycoords: [60, 61, 62, 63, 64] };
    const positions = Object.fromEntries(
      Object.entries(whole).map(([key, values]) => [
        key,
        { dtype: 'float64', shape: [n], data: Float64Array.from(values) } as NpyArray,
      ]),
    );
    const scan = scanWith({ ...positions, objectGuess: object });
    const { labels, scales } = prepareScan(scan, groups, { ...options, labelsFor: 'a test' });
    // Pattern 3 is the second one kept; its pixel (10, 20) is object pixel (63 - 32 + 10, 73 - 32 + 20).
    const at = 2 * ((63 - 32 + 10) * 150 + (73 - 32 + 20));
    const [re, im] = [object.data[at] as number, object.data[at + 1] as number];
    const pixel = area + 10 * 64 + 20;
    expect(labels?.amplitude[pixel]).toBeCloseTo(Math.hypot(re, im) / scales.object, 5);
    expect(labels?.phase[pixel]).toBeCloseTo(Math.atan2(im, re), 5);
  });

  it('are missed in one sentence', () => {
    const message = faultOf(() =>
      prepareScan(scanWith({}), groups, { ...options, labelsFor: 'model.modelType supervised' }),
    ).message;
    expect(message).toContain('model.modelType supervised needs labels (DATA-SUP-001)');
    expect(message).toContain('label_amp and label_phase, label, Y or objectGuess');
  });
});
