import { Fft2 } from './fft2.ts';
import { gaussianBlur } from './gaussian-blur.ts';
import type { ProbeStack } from '../scan.ts';
import type { ProbeSpec } from './simulation-spec.ts';

/** The probe (1, N, N), scaled to the wanted mean modulus over the frame. */
export function simulateProbe(spec: ProbeSpec, N: number): ProbeStack {
  const field = spec.kind === 'disk' ? curvedDisk(N, spec.scale, spec.curvature) : defocusedCone(N, spec);
  let sum = 0;
  for (let i = 0; i < N * N; i++) sum += Math.hypot(field[2 * i], field[2 * i + 1]);
  const factor = (spec.meanModulus * N * N) / sum;
  return {
    modes: 1,
    re: Float32Array.from({ length: N * N }, (_, i) => field[2 * i] * factor),
    im: Float32Array.from({ length: N * N }, (_, i) => field[2 * i + 1] * factor),
  };
}

/** Upstream's default probe: a thresholded Gaussian window, blurred, plus 1e-9 (inference spec §10). Real, (N, N). */
export function idealDisk(N: number, scale: number): Float64Array {
  const sigma = N / (scale * Math.PI ** 2);
  const window = Float64Array.from({ length: N }, (_, i) =>
    Math.exp(-0.5 * ((i - (N - 1) / 2) / sigma) ** 2),
  );
  const disk = Float64Array.from({ length: N * N }, (_, i) =>
    window[Math.floor(i / N)] * window[i % N] > 0.5 ? 1 : 0,
  );
  return gaussianBlur(disk, N, N, 1).map((value) => value + 1e-9);
}

/** The disk times exp(i·curvature·r²), r from the middle ((N−1)/2, (N−1)/2). Interleaved. */
function curvedDisk(N: number, scale: number, curvature: number): Float64Array {
  const disk = idealDisk(N, scale);
  const field = new Float64Array(2 * N * N);
  disk.forEach((modulus, i) => {
    const r2 = (Math.floor(i / N) - (N - 1) / 2) ** 2 + ((i % N) - (N - 1) / 2) ** 2;
    field[2 * i] = modulus * Math.cos(curvature * r2);
    field[2 * i + 1] = modulus * Math.sin(curvature * r2);
  });
  return field;
}

/**
 * A lens' focus seen from `defocus` away: the transform of a circular aperture, with an optional central stop, times the
 * Fresnel phase exp(−iπ·defocus·k²), k in cycles per pixel. Centred on pixel N/2. Interleaved.
 */
function defocusedCone(N: number, spec: Extract<ProbeSpec, { kind: 'defocused' }>): Float64Array {
  const edge = spec.aperture / 2;
  const pupil = new Float64Array(2 * N * N);
  for (let row = 0; row < N; row++) {
    for (let column = 0; column < N; column++) {
      // Frequencies in the order of an unshifted transform.
      const ky = (row < N / 2 ? row : row - N) / N;
      const kx = (column < N / 2 ? column : column - N) / N;
      const k = Math.hypot(kx, ky);
      const open =
        softStep((edge - k) * N) * (spec.centralStop > 0 ? softStep((k - spec.centralStop * edge) * N) : 1);
      // Transforming forward mirrors the plane, which a pupil of even symmetry does not show; (−1)^(row+column) moves
      // the focus to pixel N/2.
      const sign = (row + column) % 2 === 0 ? 1 : -1;
      const angle = -Math.PI * spec.defocus * k * k;
      pupil[2 * (row * N + column)] = sign * open * Math.cos(angle);
      pupil[2 * (row * N + column) + 1] = sign * open * Math.sin(angle);
    }
  }
  new Fft2(N).forward(pupil);
  return pupil;
}

/** A step from 0 to 1 that is one frequency pixel wide, against ringing of the pixel grid. */
function softStep(distance: number): number {
  return Math.min(1, Math.max(0, distance + 0.5));
}
