import { readFileSync } from 'node:fs';
import { bytesOf, digestOf } from '@ptychofleet/base';
import { describe, expect, it } from 'vitest';
import { decodeScan } from '../scan-decode.ts';
import { encodeScan } from '../scan-encode.ts';
import { faultOf, relativeDifference, sharedPath } from '../scan.test-support.ts';
import { powerLawRadius } from './dead-leaves.ts';
import { centralCrop } from './lines.ts';
import { simulateProbe } from './probe.ts';
import { simulateObject, simulateScan } from './simulate.ts';
import { defaultSimulation, objectKinds, type SimulationSpec } from './simulation-spec.ts';

const small: SimulationSpec = { ...defaultSimulation, scan: { ...defaultSimulation.scan, count: 6 } };
const defocused = {
  kind: 'defocused',
  aperture: 0.3,
  centralStop: 0.3,
  defocus: 70,
  meanModulus: 16,
} as const;

const published = sharedPath('golden/sim/train.npz');

describe.skipIf(published === null)('quality data set (absent on this machine)', () => {
  it('has the default probe', () => {
    const expected = decodeScan(readFileSync(published as string), 'train.npz').probe;
    const probe = simulateProbe(defaultSimulation.probe, 64);
    expect(relativeDifference(probe.re, expected.re)).toBeLessThan(2e-6);
    expect(relativeDifference(probe.im, expected.im)).toBeLessThan(2e-6);
  });
});

describe('simulateScan', () => {
  it('gives counts whose mean per pattern is nphotons', () => {
    const clean = simulateScan({ ...small, noise: false });
    const { intensity_scale: s } = (
      clean.metadata.raw as { additional_parameters: { intensity_scale: number } }
    ).additional_parameters;
    const total = clean.diffraction.reduce((sum, value) => sum + (s * value) ** 2, 0);
    expect(total / 6 / 1e6).toBeCloseTo(1, 6);
    const noisy = simulateScan(small);
    let off = 0;
    for (const value of noisy.diffraction)
      off = Math.max(off, Math.abs((s * value) ** 2 - Math.round((s * value) ** 2)));
    expect(off).toBeLessThan(0.01);
    expect(relativeDifference(noisy.diffraction, clean.diffraction)).toBeGreaterThan(1e-4);
  });

  it('is a function of its specification, bit by bit', () => {
    const digest = (spec: SimulationSpec) => digestOf(encodeScan(simulateScan(spec)));
    expect(digest(small)).toBe(digest(small));
    for (const changed of [
      { ...small, noiseSeed: 8 },
      { ...small, scan: { ...small.scan, seed: 43 } },
      { ...small, object: { ...small.object, seed: 2 } },
    ]) {
      expect(digest(changed)).not.toBe(digest(small));
    }
  });

  it('keeps the object while only the scan changes', () => {
    const other = simulateScan({ ...small, scan: { ...small.scan, kind: 'spiral', seed: 5 }, noiseSeed: 1 });
    expect(Buffer.compare(bytesOf(other.object!.data), bytesOf(simulateScan(small).object!.data))).toBe(0);
  });

  it.each(
    objectKinds.flatMap((kind) =>
      [small.probe, defocused].map((probe) => [kind, probe.kind, probe] as const),
    ),
  )('makes a readable scan of %s with the %s probe', (kind, _, probe) => {
    const scan = simulateScan({ ...small, object: { ...small.object, kind }, probe });
    expect(decodeScan(encodeScan(scan), 'x.npz')).toEqual(scan);
  });

  it.each([
    [{ N: 48 }, 'N'],
    [{ nphotons: -1 }, 'nphotons'],
    [{ noiseSeed: 0.5 }, 'noiseSeed'],
    [{ object: { ...small.object, kind: 'cat' as 'star' } }, 'object.kind'],
    [{ object: { ...small.object, side: 1e9 } }, 'object.side'],
    [{ object: { ...small.object, amplitude: { min: 1, max: 0.5 } } }, 'object.amplitude.min'],
    [{ object: { ...small.object, phase: { min: NaN, max: 1 } } }, 'object.phase.min'],
    [{ scan: { ...small.scan, count: 0 } }, 'scan.count'],
    [{ scan: { ...small.scan, count: 1e9 } }, 'scan.count'],
    [{ scan: { ...small.scan, margin: 10 } }, 'scan.margin'],
    [{ probe: { ...defocused, defocus: 1e4 } }, 'probe.defocus'],
    [{ probe: { ...small.probe, meanModulus: 0 } }, 'probe.meanModulus'],
  ])('refuses %j', (change, field) => {
    const fault = faultOf(() => simulateScan({ ...small, ...change } as SimulationSpec));
    expect(fault.details.field).toBe(field);
  });
});

describe('simulated objects', () => {
  it.each(objectKinds)('%s spans its amplitude and phase ranges', (kind) => {
    const spec = {
      ...small.object,
      kind,
      side: 100,
      amplitude: { min: 0.5, max: 0.9 },
      phase: { min: -1, max: 0.5 },
    };
    const { data } = simulateObject(spec);
    const modulus = Array.from({ length: 1e4 }, (_, i) => Math.hypot(data[2 * i], data[2 * i + 1]));
    const phase = Array.from({ length: 1e4 }, (_, i) => Math.atan2(data[2 * i + 1], data[2 * i]));
    expect(Math.min(...modulus)).toBeCloseTo(0.5, 6);
    expect(Math.max(...modulus)).toBeCloseTo(0.9, 6);
    expect(Math.min(...phase)).toBeCloseTo(-1, 6);
    expect(Math.max(...phase)).toBeCloseTo(0.5, 6);
  });

  it('crops the centre', () => {
    const canvas = Float64Array.from({ length: 36 }, (_, i) => i);
    expect([...centralCrop(canvas, 6, 2)]).toEqual([14, 15, 20, 21]);
  });

  it('draws leaf radii between their bounds with an r⁻³ law', () => {
    expect(powerLawRadius(0, 3, 20)).toBeCloseTo(3, 12);
    expect(powerLawRadius(1, 3, 20)).toBeCloseTo(20, 10);
    // F(r) = (3⁻² − r⁻²) / (3⁻² − 20⁻²).
    const r = powerLawRadius(0.4, 3, 20);
    expect((3 ** -2 - r ** -2) / (3 ** -2 - 20 ** -2)).toBeCloseTo(0.4, 12);
  });
});

describe('simulated probes', () => {
  it.each([small.probe, defocused])(
    '$kind: mean modulus as asked, nearly all power inside the frame',
    (spec) => {
      const { re, im } = simulateProbe(spec, 64);
      const modulus = Array.from(re, (value, i) => Math.hypot(value, im[i]));
      expect(modulus.reduce((a, b) => a + b, 0) / 4096 / 16).toBeCloseTo(1, 6);
      const power = (keep: (i: number) => boolean): number =>
        modulus.reduce((sum, value, i) => sum + (keep(i) ? value * value : 0), 0);
      const border = power(
        (i) => Math.min(i % 64, 63 - (i % 64), Math.floor(i / 64), 63 - Math.floor(i / 64)) < 6,
      );
      expect(border / power(() => true)).toBeLessThan(0.01);
    },
  );

  it('spreads a defocused probe to defocus × aperture / 2 and centres it on pixel N/2', () => {
    const { re, im } = simulateProbe({ ...defocused, centralStop: 0, defocus: 100 }, 128);
    let [power, momentX, momentY, second] = [0, 0, 0, 0];
    re.forEach((value, i) => {
      const weight = value ** 2 + im[i] ** 2;
      const [dx, dy] = [(i % 128) - 64, Math.floor(i / 128) - 64];
      power += weight;
      momentX += weight * dx;
      momentY += weight * dy;
      second += weight * (dx * dx + dy * dy);
    });
    expect(Math.abs(momentX / power)).toBeLessThan(0.01);
    expect(Math.abs(momentY / power)).toBeLessThan(0.01);
    // A uniform disk of radius R has ⟨r²⟩ = R²/2; diffraction at the edge widens it a little.
    expect(Math.sqrt((2 * second) / power) / (100 * 0.15)).toBeGreaterThan(0.95);
    expect(Math.sqrt((2 * second) / power) / (100 * 0.15)).toBeLessThan(1.25);
  });
});
