import { assert } from '@ptychofleet/base';
import FFT from 'fft.js';

/** Unnormalised forward 2-D Fourier transform of square complex frames, interleaved, in double precision. */
export class Fft2 {
  readonly side: number;
  readonly #fft: FFT;
  readonly #in: Float64Array;
  readonly #out: Float64Array;

  /** @param side a power of two. */
  constructor(side: number) {
    assert(Number.isInteger(Math.log2(side)) && side > 1, `FFT side must be a power of two: ${side}`);
    this.side = side;
    this.#fft = new FFT(side);
    this.#in = new Float64Array(2 * side);
    this.#out = new Float64Array(2 * side);
  }

  /** Transforms (side, side) complex numbers in place. */
  forward(frame: Float64Array): void {
    const { side } = this;
    for (let line = 0; line < side; line++) this.#transformLine(frame, line * side, 1);
    for (let line = 0; line < side; line++) this.#transformLine(frame, line, side);
  }

  #transformLine(frame: Float64Array, start: number, stride: number): void {
    for (let i = 0; i < this.side; i++) {
      const at = 2 * (start + i * stride);
      this.#in[2 * i] = frame[at];
      this.#in[2 * i + 1] = frame[at + 1];
    }
    this.#fft.transform(this.#out, this.#in);
    for (let i = 0; i < this.side; i++) {
      const at = 2 * (start + i * stride);
      frame[at] = this.#out[2 * i];
      frame[at + 1] = this.#out[2 * i + 1];
    }
  }
}
