/** Floats at a time: four pieces of this size stay in a core's own cache, so that copying them costs little. */
export const pieceLength = 16_384;
export const pieceBytes = 4 * pieceLength;

/** Where kernels compute. One that is shared can be posted to another thread. */
export interface KernelMemory {
  readonly buffer: ArrayBufferLike;
}

/** The part of the global of this name that is used here: its types come with those of a browser only. */
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly validate: (bytes: Uint8Array) => boolean;
    readonly Memory: new (pages: { initial: number; maximum?: number; shared?: boolean }) => KernelMemory;
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (
      module: object,
      imports: { host: { memory: KernelMemory } },
    ) => { readonly exports: Readonly<Record<string, unknown>> };
  };
};

const pageBytes = 65_536;

/**
 * Memory for pieces, piece n at byte n × {@link pieceBytes}, and behind them slabs that stay there, all zero.
 * @param shared for kernels whose text says so, and only for those
 */
export function kernelMemory(pieceCount: number, residentFloats: number, shared: boolean): KernelMemory {
  const pages = Math.ceil((pieceCount * pieceBytes + 4 * residentFloats) / pageBytes);
  return new WebAssembly.Memory(shared ? { initial: pages, maximum: pages, shared } : { initial: pages });
}

/** Floats in a kernel's memory. */
export function floatsAt(memory: KernelMemory, byteOffset: number, length: number): Float32Array {
  return new Float32Array(memory.buffer, byteOffset, length);
}

/** The functions of a kernel in such a memory. */
export type KernelIn<Functions> = (memory: KernelMemory) => Functions;

/** Null where the processor has no 128-bit vectors. */
export function loadKernel<Functions>(base64: string): KernelIn<Functions> | null {
  const bytes = Buffer.from(base64, 'base64');
  if (!WebAssembly.validate(bytes)) return null;
  const module = new WebAssembly.Module(bytes);
  return (memory) => new WebAssembly.Instance(module, { host: { memory } }).exports as Functions;
}
