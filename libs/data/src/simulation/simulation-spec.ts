import { invalidInput } from '@ptychofleet/base';
import { supportedSides } from '../scan.ts';

export const objectKinds = ['lines', 'dead_leaves', 'star'] as const;
export const scanKinds = ['raster', 'jittered', 'spiral', 'random'] as const;

/** What to simulate; equal specifications give equal bytes. */
export interface SimulationSpec {
  /** Side of a pattern, pixels: 64, 128 or 256. */
  readonly N: number;
  readonly object: ObjectSpec;
  readonly probe: ProbeSpec;
  readonly scan: ScanSpec;
  /** Mean count per pattern. */
  readonly nphotons: number;
  /** Poisson noise; without it the amplitudes are exact. */
  readonly noise: boolean;
  readonly noiseSeed: number;
}

export interface ObjectSpec {
  readonly kind: (typeof objectKinds)[number];
  /** Side of the square object, pixels. */
  readonly side: number;
  readonly seed: number;
  /** Transmission at the darkest and brightest place of the amplitude map. */
  readonly amplitude: { readonly min: number; readonly max: number };
  /** Phase at both ends of the phase map, radians. */
  readonly phase: { readonly min: number; readonly max: number };
}

/** Every probe is scaled to `meanModulus` over the frame. */
export type ProbeSpec =
  | {
      readonly kind: 'disk';
      /** Upstream's `default_probe_scale`; the radius is 1.177·N/(scale·π²) (inference spec §10). */
      readonly scale: number;
      /** Quadratic phase, rad/px²; without it an object and its inverted conjugate give the same data. */
      readonly curvature: number;
      readonly meanModulus: number;
    }
  | {
      readonly kind: 'defocused';
      /** Radius of the aperture as a fraction of the Nyquist frequency. */
      readonly aperture: number;
      /** Radius of the central stop as a fraction of the aperture's; 0 for none. */
      readonly centralStop: number;
      /** Wavelength × distance from focus, px². The probe's radius is about defocus × aperture / 2. */
      readonly defocus: number;
      readonly meanModulus: number;
    };

export interface ScanSpec {
  readonly kind: (typeof scanKinds)[number];
  /** Number of patterns. */
  readonly count: number;
  /** Positions keep this far from the object's edges, pixels; at least N/2, so that every patch lies inside. */
  readonly margin: number;
  /** Largest random shift of a `jittered` scan as a fraction of its step. */
  readonly jitter: number;
  readonly seed: number;
}

/** The quality data set's form: lines, curved disk probe, random scan, 1e6 photons. */
export const defaultSimulation: SimulationSpec = {
  N: 64,
  object: {
    kind: 'lines',
    side: 232,
    seed: 1,
    amplitude: { min: 0.45, max: 1 },
    phase: { min: -0.8, max: 0.8 },
  },
  probe: { kind: 'disk', scale: 0.7, curvature: 0.012, meanModulus: 16 },
  scan: { kind: 'random', count: 512, margin: 36, jitter: 0.3, seed: 42 },
  nphotons: 1e6,
  noise: true,
  noiseSeed: 7,
};

/** Amplitudes and counts of one simulation stay in memory together; this many float32 pixels are 4 GiB. */
const maxPixels = 2 ** 30;
const maxObjectSide = 8192;

/** @throws Fault naming the dotted field, for example `scan.margin`. */
export function validateSimulation(spec: SimulationSpec): void {
  const { N, object, probe, scan } = spec;
  if (!supportedSides.includes(N)) throw invalidInput('N', N, supportedSides.join(', '));
  oneOf('object.kind', object.kind, objectKinds);
  oneOf('scan.kind', scan.kind, scanKinds);
  wholeNumber('object.side', object.side, N + 1, maxObjectSide);
  wholeNumber('scan.count', scan.count, 1, Math.floor(maxPixels / (N * N)));
  wholeNumber('object.seed', object.seed, 0);
  wholeNumber('scan.seed', scan.seed, 0);
  wholeNumber('noiseSeed', spec.noiseSeed, 0);
  within('object.amplitude.min', object.amplitude.min, 0, object.amplitude.max);
  within('object.amplitude.max', object.amplitude.max, 1e-6, 1e6);
  within('object.phase.min', object.phase.min, -1e3, object.phase.max);
  within('object.phase.max', object.phase.max, object.phase.min, 1e3);
  within('scan.margin', scan.margin, N / 2, object.side / 2);
  within('scan.jitter', scan.jitter, 0, 1);
  within('nphotons', spec.nphotons, 1e-3, 1e12);
  validateProbe(probe, N);
}

function validateProbe(probe: ProbeSpec, N: number): void {
  within('probe.meanModulus', probe.meanModulus, 1e-6, 1e6);
  switch (probe.kind) {
    case 'disk':
      // The Gaussian window passes the threshold somewhere inside the frame only for widths between these.
      within('probe.scale', probe.scale, 0.25, N / 20);
      within('probe.curvature', probe.curvature, -1, 1);
      return;
    case 'defocused':
      within('probe.aperture', probe.aperture, 4 / N, 0.9);
      within('probe.centralStop', probe.centralStop, 0, 0.9);
      // A larger cone would wrap around the frame.
      within('probe.defocus', probe.defocus, (-0.8 * N) / probe.aperture, (0.8 * N) / probe.aperture);
      return;
    default:
      throw invalidInput('probe.kind', (probe as { kind: unknown }).kind, 'disk or defocused');
  }
}

function oneOf(field: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) throw invalidInput(field, value, `one of ${allowed.join(', ')}`);
}

function within(field: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max)) throw invalidInput(field, value, `a number from ${min} to ${max}`);
}

function wholeNumber(field: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw invalidInput(field, value, `a whole number from ${min} to ${max}`);
  }
}
