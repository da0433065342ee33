import { adamStep, type AdamNumbers } from './adam-step.ts';
import { adamWasm } from './kernels/adam.gen.ts';
import { loadKernel, pieceLength, type Kernel } from './kernels/load-kernel.ts';

type Step = (bytes: number, w: number, m: number, v: number, g: number, ...numbers: number[]) => void;

/** Fewer take the definition less than a millisecond, and each such memory takes much of the address space. */
const residentMin = 1 << 16;
/** Of the kernel's 32-bit addresses, half. */
const residentMax = 2 ** 31 / 12 - pieceLength;

/** Weights and moments in the memory of a kernel of their own, which takes two weights at a time and copies nothing but the gradient. */
export class ResidentAdam {
  readonly weights: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
  readonly #step: Step;
  readonly #piece: Float32Array;

  private constructor({ functions, pieces, residents }: Kernel) {
    this.#step = functions.step as Step;
    [this.#piece] = pieces as [Float32Array];
    [this.weights, this.firstMoment, this.secondMoment] = residents as [Float32Array, Float32Array, Float32Array]; // prettier-ignore
  }

  /** All zero; null where that many cannot lie there or the processor has no 128-bit vectors. */
  static of(size: number): ResidentAdam | null {
    if (size < residentMin || size > residentMax) return null;
    try {
      const kernel = loadKernel(adamWasm, 1, [size, size, size]);
      return kernel && new ResidentAdam(kernel);
    } catch (error) {
      // The system gives no more of such memory.
      if (error instanceof RangeError) return null;
      throw error;
    }
  }

  /** {@link adamStep} over all weights, with its bits. */
  step(gradient: Float32Array, numbers: AdamNumbers): void {
    const { weights, firstMoment, secondMoment } = this;
    const size = weights.length;
    // An odd one at the end is left to the definition.
    const even = size - (size % 2);
    const { beta1, beta2, l2, decay, rate, scale, epsilon } = numbers;
    const parameters = [beta1, 1 - beta1, beta2, 1 - beta2, l2, decay, rate, scale, epsilon];
    const [w, m, v] = [weights.byteOffset, firstMoment.byteOffset, secondMoment.byteOffset];
    for (let from = 0; from < even; from += pieceLength) {
      const to = Math.min(from + pieceLength, even);
      this.#piece.set(gradient.subarray(from, to));
      const at = 4 * from;
      this.#step(4 * (to - from), w + at, m + at, v + at, 0, ...parameters);
    }
    adamStep({ weights, firstMoment, secondMoment, gradient }, numbers, even, size);
  }
}
