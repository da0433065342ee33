import FFT from 'fft.js';
import { assert } from '@ptychofleet/base';
import type { ComplexImage, RealImage } from './complex-image.ts';

/** Discrete Fourier transform of any length, float64, on interleaved re, im data. Forward is `exp(-2πi jk/n)`, unscaled. */
export class FourierTransform {
  readonly length: number;
  readonly #plan: PowerOfTwoPlan | BluesteinPlan;

  constructor(length: number) {
    assert(Number.isInteger(length) && length >= 1, `transform length ${length}`);
    this.length = length;
    this.#plan = isPowerOfTwo(length) ? new PowerOfTwoPlan(length) : new BluesteinPlan(length);
  }

  /** Replaces `data` (2 length) by its transform. */
  forward(data: Float64Array): void {
    assert(data.length === 2 * this.length, `${data.length} numbers for a transform of ${this.length}`);
    this.#plan.forward(data);
  }

  /** Replaces `data` by its inverse transform, scaled by 1/length. */
  inverse(data: Float64Array): void {
    // the inverse is the conjugate of the transform of the conjugate
    for (let i = 1; i < data.length; i += 2) data[i] = -data[i];
    this.forward(data);
    for (let i = 0; i < data.length; i += 2) {
      data[i] /= this.length;
      data[i + 1] /= -this.length;
    }
  }
}

function isPowerOfTwo(length: number): boolean {
  return 2 ** Math.round(Math.log2(length)) === length;
}

class PowerOfTwoPlan {
  readonly #fft: FFT | null;
  readonly #out: Float64Array;

  constructor(length: number) {
    this.#fft = length === 1 ? null : new FFT(length);
    this.#out = new Float64Array(2 * length);
  }

  forward(data: Float64Array): void {
    if (this.#fft === null) return;
    this.#fft.transform(this.#out, data);
    data.set(this.#out);
  }
}

/**
 * Bluestein (1970): with `jk = (j² + k² - (k-j)²)/2` a transform of any length is a chirp, a convolution of power-of-two
 * length and a chirp.
 */
class BluesteinPlan {
  readonly #length: number;
  readonly #padded: number;
  readonly #inner: PowerOfTwoPlan;
  /** `exp(-πi k²/n)`, interleaved. */
  readonly #chirp: Float64Array;
  /** Transform of the conjugate chirp, wrapped around. */
  readonly #filter: Float64Array;
  readonly #work: Float64Array;

  constructor(length: number) {
    this.#length = length;
    this.#padded = nextPowerOfTwo(2 * length - 1);
    this.#inner = new PowerOfTwoPlan(this.#padded);
    this.#chirp = new Float64Array(2 * length);
    this.#filter = new Float64Array(2 * this.#padded);
    this.#work = new Float64Array(2 * this.#padded);
    for (let k = 0; k < length; k++) {
      // k² modulo 2n keeps the angle small and exact
      const angle = (Math.PI * ((k * k) % (2 * length))) / length;
      this.#chirp[2 * k] = Math.cos(angle);
      this.#chirp[2 * k + 1] = -Math.sin(angle);
      for (const place of [k, (this.#padded - k) % this.#padded]) {
        this.#filter[2 * place] = Math.cos(angle);
        this.#filter[2 * place + 1] = Math.sin(angle);
      }
    }
    this.#inner.forward(this.#filter);
  }

  forward(data: Float64Array): void {
    const work = this.#work;
    work.fill(0);
    work.set(data);
    multiply(work, this.#chirp, this.#length);
    this.#inner.forward(work);
    multiply(work, this.#filter, this.#padded);
    // inverse by conjugation; the second conjugation is folded into reading the result
    for (let i = 1; i < work.length; i += 2) work[i] = -work[i];
    this.#inner.forward(work);
    for (let k = 0; k < this.#length; k++) {
      data[2 * k] = work[2 * k] / this.#padded;
      data[2 * k + 1] = -work[2 * k + 1] / this.#padded;
    }
    multiply(data, this.#chirp, this.#length);
  }
}

/** `a *= b` for the first `count` complex numbers. */
function multiply(a: Float64Array, b: Float64Array, count: number): void {
  for (let i = 0; i < 2 * count; i += 2) {
    const re = a[i] * b[i] - a[i + 1] * b[i + 1];
    a[i + 1] = a[i] * b[i + 1] + a[i + 1] * b[i];
    a[i] = re;
  }
}

export function nextPowerOfTwo(atLeast: number): number {
  let size = 1;
  while (size < atLeast) size *= 2;
  return size;
}

/** A complex plane in float64: `data` is (height, width, 2) re, im; zero frequency at [0, 0] after a transform. */
export interface Spectrum {
  readonly height: number;
  readonly width: number;
  readonly data: Float64Array;
}

/** The image as a float64 plane, ready to be transformed. */
export function spectrumOf(image: ComplexImage | RealImage): Spectrum {
  const { height, width } = image;
  const data = new Float64Array(2 * height * width);
  const re = 're' in image ? image.re : image.values;
  for (let i = 0; i < re.length; i++) data[2 * i] = re[i];
  if ('im' in image) for (let i = 0; i < re.length; i++) data[2 * i + 1] = image.im[i];
  return { height, width, data };
}

/** Two-dimensional transform in place. */
export function transform2d(plane: Spectrum, direction: 'forward' | 'inverse'): Spectrum {
  const { height, width, data } = plane;
  const rows = new FourierTransform(width);
  for (let row = 0; row < height; row++)
    rows[direction](data.subarray(2 * row * width, 2 * (row + 1) * width));
  const columns = height === width ? rows : new FourierTransform(height);
  const line = new Float64Array(2 * height);
  for (let column = 0; column < width; column++) {
    for (let row = 0; row < height; row++) {
      line[2 * row] = data[2 * (row * width + column)];
      line[2 * row + 1] = data[2 * (row * width + column) + 1];
    }
    columns[direction](line);
    for (let row = 0; row < height; row++) {
      data[2 * (row * width + column)] = line[2 * row];
      data[2 * (row * width + column) + 1] = line[2 * row + 1];
    }
  }
  return plane;
}

/** The signed frequency of transform index `k`, in cycles per `n` pixels: 0, 1, …, -2, -1 (n/2 counts as negative). */
export function signedFrequency(k: number, n: number): number {
  return k < n / 2 ? k : k - n;
}
