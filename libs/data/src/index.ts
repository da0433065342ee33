export { openByteSource, type ByteSource } from './byte-source.ts';
export { groupScan, type GroupingOptions } from './grouping.ts';
export { NeighbourIndex } from './neighbours.ts';
export type { NpyArray, NumericArray, NumericDtype, TextArray } from './npy-types.ts';
export type { NpyHeader, NpzEntry, PickledText } from './npy.ts';
export { NpzArchive, readNpz, writeNpz } from './npz.ts';
export { prepareScan, type PrepareOptions } from './prepare.ts';
export { decodePrepared, encodePrepared } from './prepared-codec.ts';
export type { PreparedScales, PreparedScan } from './prepared-scan.ts';
export { decodeScan, readScanHeader } from './scan-decode.ts';
export { encodeScan } from './scan-encode.ts';
export { readNumeric, readObject } from './scan-fields.ts';
export {
  supportedSides,
  type LabelStack,
  type ObjectImage,
  type ProbeStack,
  type ScanDataset,
  type ScanHeader,
  type ScanMetadata,
} from './scan.ts';
export { subsampleScan } from './subsample.ts';
export { simulateObject, simulateScan } from './simulation/simulate.ts';
export {
  defaultSimulation,
  objectKinds,
  scanKinds,
  type ObjectSpec,
  type ProbeSpec,
  type ScanSpec,
  type SimulationSpec,
} from './simulation/simulation-spec.ts';
export { defaultArchiveLimits, type ArchiveLimits } from './zip.ts';
