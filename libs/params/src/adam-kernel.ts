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

function stepPiece(kernel: Kernel, slabs: AdamSlabs, numbers: AdamNumbers, from: number, to: number): void {
  const { weights, firstMoment, secondMoment, gradient } = slabs;
  const { beta1, beta2, l2, decay, rate, scale, epsilon } = numbers;
  const [w, m, v, g] = kernel.pieces as [Float32Array, Float32Array, Float32Array, Float32Array];
  const step = kernel.functions.step as Step;
  w.set(weights.subarray(from, to));
  m.set(firstMoment.subarray(from, to));
  v.set(secondMoment.subarray(from, to));
  g.set(gradient.subarray(from, to));
  const count = to - from;
  const moments = [beta1, 1 - beta1, beta2, 1 - beta2];
  step(4 * count, 0, pieceBytes, 2 * pieceBytes, 3 * pieceBytes, ...moments, l2, decay, rate, scale, epsilon); // prettier-ignore
  weights.set(w.subarray(0, count), from);
  firstMoment.set(m.subarray(0, count), from);
  secondMoment.set(v.subarray(0, count), from);
}
