import { floatsAt, kernelMemory, loadKernel, pieceBytes, pieceLength } from './kernels/load-kernel.ts';
import { slabsWasm } from './kernels/slabs.gen.ts';

/** The definitions: {@link vectors} has their bits. Each float is rounded to float32 once, when it is stored. */
export const plain = {
  /** to += from */
  add(to: Float32Array, from: Float32Array): void {
    for (let i = 0; i < to.length; i++) to[i] = to[i] + from[i];
  },
  scale(to: Float32Array, factor: number): void {
    for (let i = 0; i < to.length; i++) to[i] *= factor;
  },
  divide(to: Float32Array, divisor: number): void {
    for (let i = 0; i < to.length; i++) to[i] /= divisor;
  },
};

interface SlabFunctions {
  readonly add: (bytes: number, to: number, from: number) => void;
  readonly scale: (bytes: number, to: number, factor: number) => void;
  readonly divide: (bytes: number, to: number, divisor: number) => void;
}

interface SlabKernel {
  readonly functions: SlabFunctions;
  readonly to: Float32Array;
  readonly from: Float32Array;
}

/** Of this thread: `undefined` until it was tried, `null` where the processor has no 128-bit vectors. */
let kernel: SlabKernel | null | undefined;

function loaded(): SlabKernel | null {
  const load = loadKernel<SlabFunctions>(slabsWasm);
  if (load === null) return null;
  const memory = kernelMemory(2, 0, false);
  const [to, from] = [floatsAt(memory, 0, pieceLength), floatsAt(memory, pieceBytes, pieceLength)];
  return { functions: load(memory), to, from };
}

/** Below this many floats a call costs more than it saves. */
const smallLength = 2_048;

/** Runs `step` on one piece after the other, and the definition on what is left over. */
function byPieces(
  slab: Float32Array,
  step: (kernel: SlabKernel, from: number, count: number) => void,
  rest: (from: number) => void,
): void {
  if (kernel === undefined) kernel = loaded();
  const whole = kernel === null || slab.length < smallLength ? 0 : slab.length - (slab.length % 4);
  for (let from = 0; kernel !== null && from < whole; from += pieceLength) {
    const to = Math.min(from + pieceLength, whole);
    kernel.to.set(slab.subarray(from, to));
    step(kernel, from, to - from);
    slab.set(kernel.to.subarray(0, to - from), from);
  }
  if (whole < slab.length) rest(whole);
}

/** Each sum, product and quotient in float64, rounded to float32. */
export const vectors = {
  add(to: Float32Array, from: Float32Array): void {
    byPieces(
      to,
      (kernel, start, count) => {
        kernel.from.set(from.subarray(start, start + count));
        kernel.functions.add(4 * count, 0, pieceBytes);
      },
      (start) => plain.add(to.subarray(start), from.subarray(start)),
    );
  },
  scale(to: Float32Array, factor: number): void {
    byPieces(
      to,
      (kernel, _, count) => kernel.functions.scale(4 * count, 0, factor),
      (start) => plain.scale(to.subarray(start), factor),
    );
  },
  divide(to: Float32Array, divisor: number): void {
    // Any count of groups below 2^24 is a float32.
    if (Math.fround(divisor) !== divisor) return plain.divide(to, divisor);
    byPieces(
      to,
      (kernel, _, count) => kernel.functions.divide(4 * count, 0, divisor),
      (start) => plain.divide(to.subarray(start), divisor),
    );
  },
};
