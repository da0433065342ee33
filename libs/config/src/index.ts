export { channelsOf, lossSpecSchema, modelSpecSchema, type LossSpec, type ModelSpec } from './model-spec.ts';
export {
  inferenceRunSpecSchema,
  parseInferenceRunSpec,
  parseRunSpec,
  parseTrainingRunSpec,
  runSpecDigest,
  runSpecJsonSchema,
  runSpecText,
  schemaVersion,
  trainingRunSpecSchema,
  type InferenceRunSpec,
  type RunSpec,
  type TrainingRunSpec,
} from './run-spec.ts';
export {
  createTrainingPayload,
  type TrainingPayload,
  type TrainingPayloadRequest,
} from './factories/training.ts';
export {
  createInferencePayload,
  type InferencePayload,
  type InferencePayloadRequest,
} from './factories/inference.ts';
export type { DatasetHeader, DatasetHeaders, FactoryPorts, FileChecks } from './factories/ports.ts';
export type { PayloadSources } from './factories/levels.ts';
export type { AppliedOverride } from './resolution.ts';
export { levelNames, type Level, type LevelName } from './levels/level.ts';
export { commandLineLevel, runCommands, type RawFlag, type RunCommand } from './levels/command-line.ts';
export { flagsOf, type FlagDescriptor } from './flags.ts';
export { configFileJsonSchema, fieldCatalog, type FieldDescription } from './field-catalog.ts';
export { configOfRunRecord, savedConfig, savedConfigText, type Savable } from './saved-config.ts';
export { referenceTable, refusedTable } from './reference.ts';
export { configFileLevel, configFileOf } from './levels/config-file.ts';
export { environmentLevel } from './levels/environment.ts';
export type { Overrides } from './levels/overrides.ts';
export {
  resolveAccelerator,
  type Accelerator,
  type AcceleratorChoice,
  type AcceleratorRequest,
} from './accelerator.ts';
export { canonicalJson } from './canonical-json.ts';
export { monitoredLosses } from './checkpoint-rules.ts';
export { decisiveParts, firstDifferingField, resumableParts, type DifferingField } from './decisive-parts.ts';
export { assertLimits, limits } from './limits.ts';
export type { RunKind } from './fields/registry.ts';
