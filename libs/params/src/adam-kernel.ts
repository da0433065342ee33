import { adamStep, type AdamNumbers, type AdamSlabs } from './adam-step.ts';
import { adamWasm } from './kernels/adam.gen.ts';
import { loadKernel, pieceBytes, pieceLength, type Kernel } from './kernels/load-kernel.ts';

type Step = (bytes: number, w: number, m: number, v: number, g: number, ...numbers: number[]) => void;

/** `undefined` until it was tried, `null` where the processor has no 128-bit vectors. */
let kernel: Kernel | null | undefined;

/** {@link adamStep} over whole slabs, with its bits, two weights at a time where the processor can. */
export function adamStepFast(slabs: AdamSlabs, numbers: AdamNumbers): void {
  if (kernel === undefined) kernel = loadKernel(adamWasm, 4);
  const size = slabs.weights.length;
  if (kernel === null) return adamStep(slabs, numbers, 0, size);
  // Two at a time: an odd one at the end is left to the definition.
  const even = size - (size % 2);
  for (let from = 0; from < even; from += pieceLength) {
    stepPiece(kernel, slabs, numbers, from, Math.min(from + pieceLength, even));
  }
  adamStep(slabs, numbers, even, size);
}

/** Fewer are stepped as fast from anywhere, and each such memory takes much of the address space. */
const residentMin = 1 << 16;
/** Of the kernel's 32-bit addresses, half. */
const residentMax = 2 ** 31 / 12 - pieceLength;

/** Weights and moments in the memory of a kernel of their own, which then copies nothing but the gradient. */
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
    const even = size - (size % 2);
    const [w, m, v] = [weights.byteOffset, firstMoment.byteOffset, secondMoment.byteOffset];
    for (let from = 0; from < even; from += pieceLength) {
      const to = Math.min(from + pieceLength, even);
      this.#piece.set(gradient.subarray(from, to));
      const at = 4 * from;
      this.#step(4 * (to - from), w + at, m + at, v + at, 0, ...parametersOf(numbers));
    }
    adamStep({ weights, firstMoment, secondMoment, gradient }, numbers, even, size);
  }
}

/** In the order of the kernel's. */
function parametersOf({ beta1, beta2, l2, decay, rate, scale, epsilon }: AdamNumbers): number[] {
  return [beta1, 1 - beta1, beta2, 1 - beta2, l2, decay, rate, scale, epsilon];
}

function stepPiece(kernel: Kernel, slabs: AdamSlabs, numbers: AdamNumbers, from: number, to: number): void {
  const { weights, firstMoment, secondMoment, gradient } = slabs;
  const [w, m, v, g] = kernel.pieces as [Float32Array, Float32Array, Float32Array, Float32Array];
  const step = kernel.functions.step as Step;
  w.set(weights.subarray(from, to));
  m.set(firstMoment.subarray(from, to));
  v.set(secondMoment.subarray(from, to));
  g.set(gradient.subarray(from, to));
  const count = to - from;
  step(4 * count, 0, pieceBytes, 2 * pieceBytes, 3 * pieceBytes, ...parametersOf(numbers));
  weights.set(w.subarray(0, count), from);
  firstMoment.set(m.subarray(0, count), from);
  secondMoment.set(v.subarray(0, count), from);
}
