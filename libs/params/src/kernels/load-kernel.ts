/** Floats at a time: four pieces of this size stay in a core's own cache, so that copying them costs little. */
export const pieceLength = 16_384;
export const pieceBytes = 4 * pieceLength;

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

export interface Kernel {
  readonly functions: Readonly<Record<string, unknown>>;
  /** Where it works: piece n begins at byte n × {@link pieceBytes} of its memory. */
  readonly pieces: readonly Float32Array[];
  /** Slabs that lie in its memory behind the pieces, all zero. */
  readonly residents: readonly Float32Array[];
}

const pageBytes = 65_536;

/**
 * @param residents lengths of slabs for which there is to be room in its memory
 * @returns null where the processor has no 128-bit vectors.
 */
export function loadKernel(
  base64: string,
  pieceCount: number,
  residents: readonly number[] = [],
): Kernel | null {
  const bytes = Buffer.from(base64, 'base64');
  if (!WebAssembly.validate(bytes)) return null;
  const floats = residents.reduce((sum, length) => sum + length, 0);
  const pages = Math.ceil((pieceCount * pieceBytes + 4 * floats) / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory } });
  const pieces = Array.from(
    { length: pieceCount },
    (_, place) => new Float32Array(memory.buffer, place * pieceBytes, pieceLength),
  );
  let at = pieceCount * pieceBytes;
  const slabs = residents.map((length) => {
    const slab = new Float32Array(memory.buffer, at, length);
    at += 4 * length;
    return slab;
  });
  return { functions: exports, pieces, residents: slabs };
}
