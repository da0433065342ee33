export { bundleBackend, bundleFileName, bundleFormat, bundleVersion, type Bundle } from './bundle.ts';
export type { JsonObject, JsonValue } from './canonical-json.ts';
export { canonicalJson } from './canonical-json.ts';
export { fieldOfLegacyKey, fileNameOf, legacyKeys, legacySnapshot } from './legacy-snapshot.ts';
export { writeBundle } from './write-bundle.ts';
export { readBundle } from './read-bundle.ts';
