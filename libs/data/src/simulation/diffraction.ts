import type { ObjectImage, ProbeStack } from '../scan.ts';
import { Fft2 } from './fft2.ts';
import { cutPatch } from './patches.ts';

/** s = √(nphotons / mean_i Σ (|patch_i|·|P|)²): one scale for the data set (inference spec §12). */
export function photonScale(
  object: ObjectImage,
  probe: ProbeStack,
  x: Float64Array,
  y: Float64Array,
  N: number,
  nphotons: number,
): number {
  const patch = new Float64Array(2 * N * N);
  const probePower = probe.re.map((re, i) => re * re + probe.im[i] * probe.im[i]);
  let total = 0;
  for (let i = 0; i < x.length; i++) {
    cutPatch(object, x[i], y[i], N, patch);
    for (let p = 0; p < N * N; p++) total += (patch[2 * p] ** 2 + patch[2 * p + 1] ** 2) * probePower[p];
  }
  return Math.sqrt((nphotons * x.length) / total);
}

/** Computes amplitudes |F(s·patch·P)|/N with the zero frequency at (N/2, N/2); one probe mode. */
export class Diffractometer {
  readonly #fft: Fft2;
  readonly #object: ObjectImage;
  readonly #probe: ProbeStack;
  readonly #field: Float64Array;

  constructor(object: ObjectImage, probe: ProbeStack, N: number) {
    this.#fft = new Fft2(N);
    this.#object = object;
    this.#probe = probe;
    this.#field = new Float64Array(2 * N * N);
  }

  /** @param out (N, N), receives the amplitude. */
  amplitudeAt(x: number, y: number, scale: number, out: Float64Array): void {
    const N = this.#fft.side;
    const field = this.#field;
    const { re, im } = this.#probe;
    cutPatch(this.#object, x, y, N, field);
    for (let p = 0; p < N * N; p++) {
      const [a, b] = [field[2 * p] * scale, field[2 * p + 1] * scale];
      field[2 * p] = a * re[p] - b * im[p];
      field[2 * p + 1] = a * im[p] + b * re[p];
    }
    this.#fft.forward(field);
    const half = N / 2;
    for (let row = 0; row < N; row++) {
      for (let column = 0; column < N; column++) {
        const from = 2 * (((row + half) % N) * N + ((column + half) % N));
        out[row * N + column] = Math.sqrt(field[from] ** 2 + field[from + 1] ** 2) / N;
      }
    }
  }
}
