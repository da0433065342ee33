import { bytesOf, digestOf } from '@ptychofleet/base';
import { describe, expect, it } from 'vitest';
import { goldenPath, readGolden, relativeDifference } from '../golden.test-support.ts';
import { decodeScan } from '../scan-decode.ts';
import { encodeScan } from '../scan-encode.ts';
import { faultOf } from '../scan.test-support.ts';
import type { ObjectImage, ProbeStack } from '../scan.ts';
import { powerLawRadius } from './dead-leaves.ts';
import { Diffractometer, photonScale } from './diffraction.ts';
import { gaussianBlur } from './gaussian-blur.ts';
import { centralCrop, lineMap, lineRaster, tanhPhase } from './lines.ts';
import { cutPatch } from './patches.ts';
import { idealDisk, simulateProbe } from './probe.ts';
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

function complexImage(values: Float64Array, height: number, width: number): ObjectImage {
  return { height, width, data: Float32Array.from(values) };
}

function complexProbe(values: Float64Array): ProbeStack {
  const part = (lane: number): Float32Array =>
    Float32Array.from({ length: values.length / 2 }, (_, i) => values[2 * i + lane]);
  return { modes: 1, re: part(0), im: part(1) };
}

describe.skipIf(goldenPath('simulator') === null)('published simulator (golden vectors absent)', () => {
  const golden = goldenPath('simulator') === null ? null! : readGolden('simulator');

  it('draws and blurs the same lines', () => {
    const raster = lineRaster(Int32Array.from(golden.numbers('line_ends')), 64);
    expect(Buffer.compare(Uint8Array.from(raster), Uint8Array.from(golden.numbers('line_raster')))).toBe(0);
    for (const sigma of [1, 5, 10]) {
      const difference = relativeDifference(
        gaussianBlur(raster, 64, 64, sigma),
        golden.numbers(`gauss_s${sigma}`),
      );
      expect(difference).toBeLessThan(1e-6);
    }
    const map = lineMap(raster, 64);
    expect(relativeDifference(map, golden.numbers('line_blur'))).toBeLessThan(1e-6);
    expect(relativeDifference(map, golden.numbers('mk_lines_img_channel0'))).toBeLessThan(1e-6);
    expect(relativeDifference(tanhPhase(map), golden.numbers('dummy_phi'))).toBeLessThan(1e-5);
  });

  it('cuts the same patches', () => {
    const object = complexImage(golden.numbers('patch_obj'), 100, 100);
    const xy = golden.numbers('patch_xy');
    const expected = golden.numbers('patch_out');
    const patch = new Float64Array(2 * 32 * 32);
    for (let i = 0; i < 6; i++) {
      cutPatch(object, xy[2 * i], xy[2 * i + 1], 32, patch);
      expect(
        relativeDifference(patch, expected.subarray(i * patch.length, (i + 1) * patch.length)),
      ).toBeLessThan(1e-5);
    }
  });

  it('scales and diffracts alike', () => {
    const object = complexImage(golden.numbers('patch_obj'), 100, 100);
    const probe = complexProbe(golden.numbers('sim_probe'));
    const xy = golden.numbers('patch_xy');
    const [x, y] = [0, 1].map((axis) => Float64Array.from({ length: 6 }, (_, i) => xy[2 * i + axis]));
    const scale = photonScale(object, probe, x, y, 32, golden.numbers('sim_nphotons')[0]);
    expect(scale / golden.numbers('sim_intensity_scale')[0]).toBeCloseTo(1, 5);
    const expected = golden.numbers('sim_clean_amplitude_times_scale');
    const amplitudes = new Float64Array(expected.length);
    const diffractometer = new Diffractometer(object, probe, 32);
    for (let i = 0; i < 6; i++)
      diffractometer.amplitudeAt(x[i], y[i], scale, amplitudes.subarray(i * 1024, (i + 1) * 1024));
    expect(relativeDifference(amplitudes, expected)).toBeLessThan(1e-5);
  });
});

describe.skipIf(goldenPath('normalisation') === null)('published probe (golden vectors absent)', () => {
  it.each([
    [64, 'tf_default_probe_64'],
    [16, 'tf_default_probe_N'],
  ])('is the ideal disk for N = %i', (N, key) => {
    expect(relativeDifference(idealDisk(N, 0.7), readGolden('normalisation').numbers(key))).toBeLessThan(
      1e-6,
    );
  });
});

describe.skipIf(goldenPath('sim/train') === null)('quality data set (absent on this machine)', () => {
  it('has the default probe and patterns that the simulator explains', () => {
    const golden = readGolden('sim/train');
    const probe = simulateProbe(defaultSimulation.probe, 64);
    const expected = complexProbe(golden.numbers('probeGuess'));
    expect(relativeDifference(probe.re, expected.re)).toBeLessThan(2e-6);
    expect(relativeDifference(probe.im, expected.im)).toBeLessThan(2e-6);
    const [height, width] = golden.shape('objectGuess');
    const object = complexImage(golden.numbers('objectGuess'), height, width);
    const [x, y] = [golden.numbers('xcoords'), golden.numbers('ycoords')];
    const scale = photonScale(object, expected, x, y, 64, 1e6);
    expect(scale / golden.numbers('intensity_scale')[0]).toBeCloseTo(1, 5);
    const amplitude = new Float64Array(4096);
    const diffraction = golden.numbers('diff3d');
    const diffractometer = new Diffractometer(object, expected, 64);
    let chiSquare = 0;
    let pixels = 0;
    for (let i = 0; i < 20; i++) {
      diffractometer.amplitudeAt(x[i], y[i], scale, amplitude);
      amplitude.forEach((value, p) => {
        if (value ** 2 < 20) return;
        const counts = (diffraction[i * 4096 + p] * golden.numbers('intensity_scale')[0]) ** 2;
        chiSquare += (counts - value ** 2) ** 2 / value ** 2;
        pixels++;
      });
    }
    // Poisson counts vary by their mean, so the ratio is 1 within a few times √(2/pixels).
    expect(Math.abs(chiSquare / pixels - 1)).toBeLessThan(5 * Math.sqrt(2 / pixels));
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
