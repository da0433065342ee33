export { bundleBackend, bundleFileName, bundleFormat, bundleVersion, type Bundle } from './bundle.ts';
export type { JsonObject, JsonValue } from './canonical-json.ts';
export { canonicalJson } from './canonical-json.ts';
export { fieldOfLegacyKey, fileNameOf, legacyKeys, legacySnapshot } from './legacy-snapshot.ts';
export { writeBundle } from './write-bundle.ts';
export { readBundle } from './read-bundle.ts';
export {
  exportTensors,
  importTensors,
  modelOfTensors,
  weightsDigest,
  type ExportedTensor,
  type ForeignTensor,
} from './exchange.ts';
export { decodeTensorsHdf5, encodeTensorsHdf5 } from './exchange-hdf5.ts';
export { exchangeLayouts, type ExchangeLayout, type InferredModel } from '@ptychofleet/model';
