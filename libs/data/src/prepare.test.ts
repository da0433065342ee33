import { bytesOf, Fault } from '@ptychofleet/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePrepared, encodePrepared } from './prepared-codec.ts';
import { prepareScan, type PrepareOptions } from './prepare.ts';
import { decodeScan } from './scan-decode.ts';
import type { ScanDataset } from './scan.ts';
import { faultOf, npzOf, relativeDifference, validEntries } from './scan.test-support.ts';
import { Diffractometer } from './simulation/diffraction.ts';
import { simulateScan } from './simulation/simulate.ts';
import { defaultSimulation } from './simulation/simulation-spec.ts';
import { stirlingRemainder } from './stirling.ts';

const options: PrepareOptions = {
  gridsize: 2,
  nphotons: 1e5,
  probeScale: 4,
  probeNormalization: 'target',
  targetAmplitude: 0.05,
};
const scan = decodeScan(npzOf(validEntries(9)), 'scan.npz');
const groups = Int32Array.from([1, 3, 4, 7, 4, 1, 8, 3]);

function energy(values: Float32Array, pattern: number, area = 4096): number {
  return values.subarray(pattern * area, (pattern + 1) * area).reduce((sum, value) => sum + value * value, 0);
}

describe('prepareScan', () => {
  const prepared = prepareScan(scan, groups, options);

  it('keeps the patterns in use and renumbers the groups', () => {
    const kept = [1, 3, 4, 7, 8];
    expect(prepared).toMatchObject({ N: 64, C: 4, groupCount: 2, patternCount: 5, modes: 1 });
    expect([...prepared.groups].map((i) => kept[i])).toEqual([...groups]);
    expect([...prepared.positions]).toEqual(kept.flatMap((point) => [scan.x[point], scan.y[point]]));
    const s = prepared.scales.amplitude;
    expect(Math.fround(s)).toBe(s);
    kept.forEach((point, i) => {
      const expected = scan.diffraction.subarray(point * 4096, (point + 1) * 4096).map((value) => s * value);
      expect(prepared.patterns.subarray(i * 4096, (i + 1) * 4096)).toEqual(expected);
    });
  });

  it('gives the patterns of the groups the energy (N/2)², repeats counted', () => {
    const energies = [...prepared.groups].map((i) => energy(prepared.patterns, i));
    expect(energies.reduce((a, b) => a + b, 0) / energies.length / 1024).toBeCloseTo(1, 6);
    expect(prepared.scales.physics / (Math.sqrt(1e5) / 32)).toBeCloseTo(1, 6);
    const means = [...prepared.groups].map(
      (i) => prepared.patterns.subarray(i * 4096, (i + 1) * 4096).reduce((a, b) => a + b, 0) / 4096,
    );
    expect(prepared.scales.meanAmplitude).toBeCloseTo(means.reduce((a, b) => a + b, 0) / means.length, 6);
  });

  it('stores offsets as mean minus position, summing to zero in each group', () => {
    for (let group = 0; group < 2; group++) {
      for (let axis = 0; axis < 2; axis++) {
        const source = axis === 0 ? scan.x : scan.y;
        const members = [...groups.subarray(4 * group, 4 * group + 4)].map((point) => source[point]);
        const mean = members.reduce((a, b) => a + b, 0) / 4;
        members.forEach((member, c) => {
          expect(prepared.relative[2 * (4 * group + c) + axis]).toBeCloseTo(mean - member, 5);
        });
      }
    }
    // The worked example of data spec §7.
    const example: ScanDataset = {
      ...scan,
      x: Float64Array.of(3, 0, 0, 3),
      y: Float64Array.of(3, 6, 3, 0),
      n: 4,
    };
    const { relative } = prepareScan(example, Int32Array.of(0, 1, 2, 3), options);
    expect([...relative]).toEqual([-1.5, 0, 1.5, -3, 1.5, 0, -1.5, 3]);
  });

  it('does not feel where the scan lies, and follows the order of the members', () => {
    const orders = fc.shuffledSubarray([1, 3, 4, 7], { minLength: 4, maxLength: 4 });
    // Whole pixels, which float64 adds without rounding.
    fc.assert(
      fc.property(fc.integer({ min: -999, max: 999 }), orders, (shift, order) => {
        const whole = (values: Float64Array): Float64Array => values.map(Math.round);
        const here = { ...scan, x: whole(scan.x), y: whole(scan.y) };
        const there = { ...here, x: here.x.map((x) => x + shift), y: here.y.map((y) => y - shift) };
        const members = Int32Array.of(1, 3, 4, 7);
        const { relative } = prepareScan(here, members, options);
        expect(prepareScan(there, members, options).relative).toEqual(relative);
        const turned = prepareScan(here, Int32Array.from(order), options).relative;
        order.forEach((member, place) => {
          const from = members.indexOf(member);
          expect(turned.subarray(2 * place, 2 * place + 2)).toEqual(
            relative.subarray(2 * from, 2 * from + 2),
          );
        });
      }),
      { numRuns: 20 },
    );
  });

  it('installs the probe as asked, with one factor for all modes', () => {
    const { probeFactor } = prepared.scales;
    const power = prepared.probeRe.reduce((sum, re, i) => sum + re * re + prepared.probeIm[i] ** 2, 0);
    // |O| = probe_scale·(N/2)/√Σ|P'|² (training spec §2.4).
    expect((4 * 32) / Math.sqrt(power)).toBeCloseTo(0.05, 6);
    expect(prepared.probeRe[7]).toBe(Math.fround(scan.probe.re[7] * probeFactor));
    const plain = prepareScan(scan, groups, { ...options, probeNormalization: 'none' });
    expect(plain.scales.probeFactor).toBe(1);
    expect(plain.probeIm).toEqual(scan.probe.im);
  });

  it('takes over given scales', () => {
    const given = { amplitude: 0.5, physics: 3, meanAmplitude: 0.25, probeFactor: 2 };
    const reused = prepareScan(scan, groups, { ...options, scales: given });
    expect(reused.scales).toEqual({ ...given, object: 2 / (0.5 * 4) });
    expect(reused.patterns[5]).toBe(0.5 * scan.diffraction[4096 + 5]);
  });

  it('relates the network object to the true one by scales.object', () => {
    const simulated = simulateScan({
      ...defaultSimulation,
      noise: false,
      scan: { ...defaultSimulation.scan, count: 4 },
    });
    const { scales, patterns, probeRe, probeIm } = prepareScan(simulated, Int32Array.of(0, 1, 2, 3), options);
    const truth = simulated.object!;
    const networkObject = { ...truth, data: truth.data.map((value) => value / scales.object) };
    const installed = { modes: 1, re: probeRe.map((v) => v / 4), im: probeIm.map((v) => v / 4) };
    const model = new Diffractometer(networkObject, installed, 64);
    const amplitude = new Float64Array(4096);
    model.amplitudeAt(simulated.x[2], simulated.y[2], 1, amplitude);
    expect(relativeDifference(amplitude, patterns.subarray(2 * 4096, 3 * 4096))).toBeLessThan(1e-6);
  });

  it('refuses dark patterns, stray groups and bad options', () => {
    const dark = { ...scan, diffraction: new Float32Array(scan.diffraction.length) };
    expect(faultOf(() => prepareScan(dark, groups, options)).message).toContain('all groups are zero');
    expect(faultOf(() => prepareScan(scan, Int32Array.of(0, 1, 2, 9), options)).message).toContain(
      'from 0 to 8',
    );
    expect(faultOf(() => prepareScan(scan, Int32Array.of(0, 1, 2), options)).details.field).toBe('groups');
    expect(faultOf(() => prepareScan(scan, groups, { ...options, nphotons: 0 })).details.field).toBe(
      'nphotons',
    );
  });
});

describe('stirlingRemainder', () => {
  it('equals ln k! − (k ln k − k) for whole numbers', () => {
    let logFactorial = 0;
    for (let k = 1; k <= 170; k++) {
      logFactorial += Math.log(k);
      expect(Math.abs(stirlingRemainder(k) - (logFactorial - (k * Math.log(k) - k)))).toBeLessThan(2e-12);
    }
    expect(stirlingRemainder(0)).toBe(0);
  });

  it('obeys Γ(k+2) = (k+1)·Γ(k+1) between them, and Γ(3/2) = √π/2', () => {
    const logGamma = (k: number): number => stirlingRemainder(k) + k * Math.log(k) - k;
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI) / 2), 13);
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 30, noNaN: true }), (k) => {
        expect(Math.abs(logGamma(k + 1) - logGamma(k) - Math.log(k + 1))).toBeLessThan(1e-12);
      }),
    );
  });
});

describe('prepared scan codec', () => {
  const prepared = prepareScan(scan, groups, options);
  const bytes = encodePrepared(prepared);

  it('returns every field', () => {
    const decoded = decodePrepared(bytes);
    expect(decoded).toEqual(prepared);
    expect(Buffer.compare(bytesOf(decoded.lossConstant), bytesOf(prepared.lossConstant))).toBe(0);
    expect(Buffer.compare(encodePrepared(decoded), bytes)).toBe(0);
  });

  it('throws nothing but Faults on damaged bytes', () => {
    const flips = fc.array(fc.record({ at: fc.nat(bytes.length - 1), value: fc.nat(255) }), { maxLength: 3 });
    fc.assert(
      fc.property(flips, fc.nat(bytes.length), (changes, length) => {
        const damaged = bytes.slice(0, changes.length > 0 ? bytes.length : length);
        for (const { at, value } of changes) damaged[at] = value;
        try {
          decodePrepared(damaged);
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
        }
      }),
      { numRuns: 100 },
    );
    expect(faultOf(() => decodePrepared(npzOf(validEntries(1)))).message).toContain('header');
  });
});
