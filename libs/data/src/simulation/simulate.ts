import { RandomSequence, RandomStream } from '@ptychofleet/base';
import type { ObjectImage, ScanDataset } from '../scan.ts';
import { deadLeavesObject } from './dead-leaves.ts';
import { Diffractometer, photonScale } from './diffraction.ts';
import { linesObject } from './lines.ts';
import { poissonDraw } from './poisson.ts';
import { simulateProbe } from './probe.ts';
import { scanPositions } from './scan-positions.ts';
import { validateSimulation, type ObjectSpec, type SimulationSpec } from './simulation-spec.ts';
import { starObject } from './star.ts';

const objectMakers = { lines: linesObject, dead_leaves: deadLeavesObject, star: starObject };

/**
 * Simulates a scan with its ground truth (inference spec §9-12). `diffraction` is √counts / s, where s is stored in
 * the metadata as `additional_parameters.intensity_scale` and makes the mean count per pattern `nphotons`.
 * @throws Fault naming the field of `spec` that is out of range.
 */
export function simulateScan(spec: SimulationSpec): ScanDataset {
  validateSimulation(spec);
  const { N } = spec;
  const object = simulateObject(spec.object);
  const probe = simulateProbe(spec.probe, N);
  const { x, y } = scanPositions(spec.scan, spec.object.side);
  const scale = photonScale(object, probe, x, y, N, spec.nphotons);
  const diffractometer = new Diffractometer(object, probe, N);
  const noise = new RandomStream(spec.noiseSeed, 'noise');
  const diffraction = new Float32Array(x.length * N * N);
  const amplitude = new Float64Array(N * N);
  for (let i = 0; i < x.length; i++) {
    diffractometer.amplitudeAt(x[i], y[i], scale, amplitude);
    // One lane per pattern, so that noise does not depend on the patterns before.
    const draws = new RandomSequence(noise, i);
    for (let p = 0; p < amplitude.length; p++) {
      const root = spec.noise ? Math.sqrt(poissonDraw(amplitude[p] ** 2, draws)) : amplitude[p];
      diffraction[i * N * N + p] = root / scale;
    }
  }
  const raw = {
    schema_version: '1.0.0',
    physics_parameters: { nphotons: spec.nphotons, N },
    additional_parameters: { intensity_scale: scale, simulation: spec },
  };
  return {
    n: x.length,
    N,
    diffraction,
    x,
    y,
    probe,
    object,
    metadata: { nphotons: spec.nphotons, raw },
    warnings: [],
  };
}

/** The complex object: amplitude and phase maps of its kind, stretched to the wanted ranges. */
export function simulateObject(spec: ObjectSpec): ObjectImage {
  const { side } = spec;
  const maps = objectMakers[spec.kind](side, spec.seed);
  const data = new Float32Array(2 * side * side);
  for (let i = 0; i < side * side; i++) {
    const amplitude = spec.amplitude.min + (spec.amplitude.max - spec.amplitude.min) * maps.amplitude[i];
    const phase = spec.phase.min + (spec.phase.max - spec.phase.min) * maps.phase[i];
    data[2 * i] = amplitude * Math.cos(phase);
    data[2 * i + 1] = amplitude * Math.sin(phase);
  }
  return { height: side, width: side, data };
}
