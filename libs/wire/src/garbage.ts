import { setFlagsFromString } from 'node:v8';

/**
 * For processes through which slabs pass. Every fresh buffer counts as pressure on V8, which then marks the whole heap bit by
 * bit, once a step; with marking in one go it finds dead buffers by looking at young objects alone. Garbage collection took a
 * third of a coordinator's time before and a twentieth since (docs/performance.md). Results do not depend on it.
 */
export function markHeapInOneGo(): void {
  setFlagsFromString('--no-incremental-marking');
}
