import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lossSpecSchema, type ModelSpec } from '@ptychofleet/config';
import { defaultSimulation, prepareScan, simulateScan, type ScanDataset } from '@ptychofleet/data';
import { batchTensors, gather } from './batch.ts';
import { createDiffraction } from './diffraction.ts';
import { createForwardModel } from './forward.ts';
import { modelWith, relativeError, transposed } from './model.test-support.ts';
import { tensorflow, type Tensor } from './runtime.ts';

const tf = tensorflow();

/** Amplitudes (n, N, N) that our forward model predicts for the simulator's own object, and those that were "measured". */
function predictedAndMeasured(scan: ScanDataset, fields: Partial<ModelSpec>, groups: Int32Array) {
  const model = modelWith(fields);
  const prepared = prepareScan(scan, groups, {
    gridsize: model.gridsize,
    nphotons: 1e6,
    probeScale: model.probeScale,
    probeNormalization: 'target',
    targetAmplitude: 0.5,
    labelsFor: 'this test',
  });
  const forward = createForwardModel(tf, model, lossSpecSchema.parse({}), prepared);
  const indices = Int32Array.from({ length: prepared.groupCount }, (_, group) => group);
  const host = gather(prepared, { groupIndices: indices });
  const predicted = tf.tidy(() => {
    const { labels, geometry } = batchTensors(tf, prepared, forward.reassembly, host);
    if (labels === undefined) throw new Error('asked for labels');
    // The true object in the place of the network's: the rest is the physics.
    const field = forward.propagate(labels, geometry);
    const amplitude: Tensor = tf.sqrt(tf.sum(tf.square(field), 2));
    return transposed(amplitude.dataSync<'float32'>() as Float32Array, model.N);
  });
  forward.dispose();
  return { predicted, measured: host.amplitudes, prepared };
}

describe('the forward model on the simulated object', () => {
  it.each(['lines', 'dead_leaves', 'star'] as const)('gives the simulated amplitudes of %s', (kind) => {
    fc.assert(
      fc.property(fc.nat(1000), fc.double({ min: 0, max: 0.02, noNaN: true }), (seed, curvature) => {
        const scan = simulateScan({
          ...defaultSimulation,
          noise: false,
          object: { ...defaultSimulation.object, kind, seed },
          probe: { kind: 'disk', scale: 0.7, curvature, meanModulus: 3 },
          scan: { ...defaultSimulation.scan, count: 3, seed },
        });
        const { predicted, measured } = predictedAndMeasured(
          scan,
          { objectBig: false },
          Int32Array.of(2, 0, 1),
        );
        expect(relativeError(predicted, measured)).toBeLessThan(1e-5);
      }),
      { numRuns: 3 },
    );
  });

  it('gives them through merge and extraction, too, where the probe fills the central half', () => {
    // Neighbours two pixels apart: whole-pixel offsets, so that interpolation blurs nothing.
    const scan = simulateScan({
      ...defaultSimulation,
      noise: false,
      object: { ...defaultSimulation.object, side: 122 },
      scan: { kind: 'raster', count: 4, margin: 60, jitter: 0, seed: 1 },
    });
    const group = Int32Array.of(0, 1, 2, 3);
    const merged: Partial<ModelSpec> = { gridsize: 2, objectBig: true, trainingPatchWeighting: 'uniform' };
    const { predicted, measured, prepared } = predictedAndMeasured(scan, merged, group);
    expect([...prepared.relative].map(Math.abs)).toEqual(Array(8).fill(1));
    expect(relativeError(predicted, measured)).toBeLessThan(1e-5);
    // central_mask divides by weight + 0.001 (model spec §6.3), which darkens by up to a thousandth.
    const masked = predictedAndMeasured(scan, { ...merged, trainingPatchWeighting: 'central_mask' }, group);
    expect(relativeError(masked.predicted, masked.measured)).toBeLessThan(1e-3);
  });

  it('adds probe modes up as one probe, and the loss of the true object is the noise-free floor', () => {
    const scan = simulateScan({
      ...defaultSimulation,
      noise: false,
      scan: { ...defaultSimulation.scan, count: 2 },
    });
    // Split into two modes whose sum is the probe: the amplitude model adds them coherently (model spec §7).
    const { re, im } = scan.probe;
    const split = (part: Float32Array) => Float32Array.from([...part.map((v) => 0.25 * v), ...part.map((v) => 0.75 * v)]); // prettier-ignore
    const modes = { ...scan, probe: { modes: 2, re: split(re), im: split(im) } };
    const one = predictedAndMeasured(scan, { objectBig: false }, Int32Array.of(0, 1));
    const two = predictedAndMeasured(modes, { objectBig: false }, Int32Array.of(0, 1));
    expect(two.prepared.modes).toBe(2);
    expect(relativeError(two.predicted, two.measured)).toBeLessThan(1e-5);
    expect(relativeError(one.predicted, two.predicted)).toBeLessThan(1e-5);
    const swapped = { ...modes, probe: { ...modes.probe, re: modes.probe.re.map((v, i) => (i < re.length ? v : -v)) } }; // prettier-ignore
    const other = predictedAndMeasured(swapped, { objectBig: false }, Int32Array.of(0, 1));
    expect(relativeError(other.predicted, two.predicted)).toBeGreaterThan(0.05);
  });

  it('has no light outside the patch: a unit probe keeps the energy of every mode of the object', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const N = 16;
        const diffraction = createDiffraction(tf, N, {
          re: new Float32Array(N * N).fill(1),
          im: new Float32Array(N * N),
        });
        const [kx, ky] = [seed % N, Math.floor(seed / N) % N];
        // A plane wave of the grid lands in one pixel of the centred detector.
        const angle = (at: number) => (2 * Math.PI * (kx * (at % N) + ky * Math.floor(at / N))) / N;
        const wave = Float32Array.from({ length: 2 * N * N }, (_, i) =>
          i < N * N ? Math.cos(angle(i)) : Math.sin(angle(i - N * N)),
        );
        const amplitude = tf.tidy(() =>
          diffraction.amplitude(diffraction.farField(tf.tensor(wave, [1, 2, N, N]))).dataSync<'float32'>(),
        );
        diffraction.dispose();
        const place = ((kx + N / 2) % N) * N + ((ky + N / 2) % N);
        amplitude.forEach((value: number, at: number) =>
          expect(Math.abs(value - (at === place ? N : 0))).toBeLessThan(1e-4),
        );
      }),
      { numRuns: 20 },
    );
  });
});
