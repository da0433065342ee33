import { setFlagsFromString } from 'node:v8';

/**
 * For processes through which slabs pass. Every fresh buffer counts as pressure on V8, which then marks the whole heap bit by
 * bit, once a step; with marking in one go it finds dead buffers by looking at young objects alone. Garbage collection took a
 * third of a coordinator's time before and a twentieth since (docs/performance.md). Results do not depend on it.
 */
export function markHeapInOneGo(): void {
  setFlagsFromString('--no-incremental-marking');
}

/**
 * For a slab that nobody needs any more; it is empty afterwards. By then V8 counts it among old objects, which only a collection of the
 * whole heap frees: its memory moves to a young one, which the next quick collection finds.
 */
export function letGo(slab: Float32Array): void {
  const memory = slab.buffer as ArrayBuffer;
  structuredClone(memory, { transfer: [memory] });
}
