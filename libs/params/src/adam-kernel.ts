import { adamStep, type AdamNumbers, type AdamSlabs } from './adam-step.ts';
import { adamWasm } from './kernels/adam.gen.ts';

/** Weights at a time: four pieces of this size stay in a core's own cache, so that copying them costs little. */
const pieceLength = 16_384;
const pieceBytes = 4 * pieceLength;

type Step = (bytes: number, w: number, m: number, v: number, g: number, ...numbers: number[]) => void;

interface Memory {
  readonly buffer: ArrayBuffer;
}

/** The part of the global of this name that is used here: its types come with those of a browser only. */
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly validate: (bytes: Uint8Array) => boolean;
    readonly Memory: new (pages: { initial: number }) => Memory;
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (
      module: object,
      imports: { host: { memory: Memory } },
    ) => { readonly exports: Readonly<Record<string, unknown>> };
  };
};

interface Kernel {
  readonly step: Step;
  readonly pieces: readonly [Float32Array, Float32Array, Float32Array, Float32Array];
}

/** `undefined` until it was tried, `null` where the processor has no 128-bit vectors. */
let kernel: Kernel | null | undefined;

function loadKernel(): Kernel | null {
  const bytes = Buffer.from(adamWasm, 'base64');
  if (!WebAssembly.validate(bytes)) return null;
  const memory = new WebAssembly.Memory({ initial: (4 * pieceBytes) / 65_536 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory } });
  const piece = (place: number): Float32Array =>
    new Float32Array(memory.buffer, place * pieceBytes, pieceLength);
  return { step: exports.step as Step, pieces: [piece(0), piece(1), piece(2), piece(3)] };
}

/** {@link adamStep} over whole slabs, with its bits, two weights at a time where the processor can. */
export function adamStepFast(slabs: AdamSlabs, numbers: AdamNumbers): void {
  if (kernel === undefined) kernel = loadKernel();
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
  const [w, m, v, g] = kernel.pieces;
  w.set(weights.subarray(from, to));
  m.set(firstMoment.subarray(from, to));
  v.set(secondMoment.subarray(from, to));
  g.set(gradient.subarray(from, to));
  const count = to - from;
  const moments = [beta1, 1 - beta1, beta2, 1 - beta2];
  kernel.step(4 * count, 0, pieceBytes, 2 * pieceBytes, 3 * pieceBytes, ...moments, l2, decay, rate, scale, epsilon); // prettier-ignore
  weights.set(w.subarray(0, count), from);
  firstMoment.set(m.subarray(0, count), from);
  secondMoment.set(v.subarray(0, count), from);
}
