export { channelsOf, lossSpecSchema, modelSpecSchema, type LossSpec, type ModelSpec } from './model-spec.ts';
