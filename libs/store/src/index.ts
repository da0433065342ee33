export { sweepTemporaries, writeFileAtomic } from './atomic-file.ts';
export type { BlobStore } from './blob-store.ts';
export { failpointNames, noFailpoints, type Failpoint, type FailpointName } from './failpoint.ts';
export { FsBlobStore } from './fs-blob-store.ts';
export {
  chained,
  differenceOf,
  firstDifference,
  ledgerText,
  parseLedger,
  type Difference,
  type Ledger,
  type LedgerEntry,
  type LedgerHead,
  type LedgerStep,
  type ShardWorkers,
} from './ledger.ts';
export { MemoryBlobStore } from './memory-blob-store.ts';
export {
  Registry,
  registryFileName,
  type RegistryWrite,
  type RunRow,
  type StoredArtifact,
  type StoredCheckpoint,
  type StoredRun,
} from './registry.ts';
export { decodeSlabFile, encodeSlabFile, type SealedFile, type SlabFile } from './slab-file.ts';
export { storageFault } from './storage-fault.ts';
