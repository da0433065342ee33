import { adamStep, type AdamNumbers, type AdamSlabs } from './adam-step.ts';
import { adamWasm } from './kernels/adam.gen.ts';
import {
  floatsAt,
  kernelMemory,
  loadKernel,
  pieceBytes,
  pieceLength,
  type KernelIn,
  type KernelMemory,
} from './kernels/load-kernel.ts';

interface AdamFunctions {
  readonly step: (bytes: number, w: number, m: number, v: number, g: number, ...numbers: number[]) => void;
}

/** Each thread at work has a piece of its own, through which the gradient passes. */
export const placesMax = 2;
/** Fewer take the definition less than a millisecond, and each such memory takes much of the address space. */
const residentMin = 1 << 16;
/** Of the kernel's 32-bit addresses, half. */
const residentMax = 2 ** 31 / 12 - placesMax * pieceLength;

/** Of this thread: `undefined` until it was tried. */
let kernelIn: KernelIn<AdamFunctions> | null | undefined;
const loaded = new WeakMap<KernelMemory, AdamFunctions>();

function functionsIn(memory: KernelMemory): AdamFunctions | null {
  if (kernelIn === undefined) kernelIn = loadKernel<AdamFunctions>(adamWasm);
  const known = loaded.get(memory);
  if (known !== undefined || kernelIn === null) return known ?? null;
  const functions = kernelIn(memory);
  loaded.set(memory, functions);
  return functions;
}

/** All zero; null where that many weights cannot lie there or the processor has no 128-bit vectors. */
export function adamMemory(size: number): KernelMemory | null {
  if (size < residentMin || size > residentMax) return null;
  try {
    const memory = kernelMemory(placesMax, 3 * size, true);
    return functionsIn(memory) && memory;
  } catch (error) {
    // The system gives no more of such memory.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The slabs in a memory made for so many weights. */
export function slabsIn(memory: KernelMemory, size: number): Omit<AdamSlabs, 'gradient'> {
  const at = (slab: number): Float32Array => floatsAt(memory, placesMax * pieceBytes + 4 * size * slab, size);
  return { weights: at(0), firstMoment: at(1), secondMoment: at(2) };
}

export interface AdamWork {
  readonly memory: KernelMemory;
  /** Only read. */
  readonly gradient: Float32Array;
  readonly numbers: AdamNumbers;
}

/**
 * {@link adamStep} over the weights `from` … `to` − 1, with its bits.
 * @param from even
 * @param place of this thread, below {@link placesMax}
 */
export function adamPart(
  { memory, gradient, numbers }: AdamWork,
  from: number,
  to: number,
  place: number,
): void {
  const slabs = { ...slabsIn(memory, gradient.length), gradient };
  const functions = functionsIn(memory);
  // An odd one at the end is left to the definition.
  const even = functions === null ? from : to - ((to - from) % 2);
  const piece = floatsAt(memory, place * pieceBytes, pieceLength);
  const { beta1, beta2, l2, decay, rate, scale, epsilon } = numbers;
  const parameters = [beta1, 1 - beta1, beta2, 1 - beta2, l2, decay, rate, scale, epsilon];
  const [w, m, v] = [slabs.weights, slabs.firstMoment, slabs.secondMoment].map((slab) => slab.byteOffset) as [number, number, number]; // prettier-ignore
  for (let start = from; start < even; start += pieceLength) {
    const end = Math.min(start + pieceLength, even);
    piece.set(gradient.subarray(start, end));
    const at = 4 * start;
    functions?.step(4 * (end - start), w + at, m + at, v + at, piece.byteOffset, ...parameters);
  }
  adamStep(slabs, numbers, even, to);
}
