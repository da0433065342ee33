import { z } from 'zod';

/**
 * The network and its physics: what fixes the parameter layout and the map from patterns to object
 * (spec: model). Field names are upstream's in camel case.
 */
export const modelSpecSchema = z.strictObject({
  architecture: z.literal('cnn').default('cnn'),
  modelType: z.enum(['pinn', 'supervised']).default('pinn'),
  /** Side of a pattern and of an object patch, pixels. */
  N: z.union([z.literal(64), z.literal(128), z.literal(256)]).default(64),
  /** A group holds gridsize² scan positions as channels. */
  gridsize: z.number().int().min(1).max(3).default(1),
  nFiltersScale: z.number().int().min(1).max(8).default(2),
  ampActivation: z.enum(['swish', 'sigmoid', 'softplus', 'relu']).default('swish'),
  /** Merge the patches of a group and cut them out again before diffraction (model spec §6). */
  objectBig: z.boolean().default(true),
  /** Decode the outer ring of the patch, too (model spec §2.5). */
  probeBig: z.boolean().default(true),
  probeMask: z.boolean().default(false),
  probeMaskSigma: z.number().min(0).default(1),
  probeMaskDiameter: z.number().positive().nullable().default(null),
  probeScale: z.number().positive().default(4),
  cbamEncoder: z.boolean().default(true),
  cbamBottleneck: z.boolean().default(false),
  trainingPatchWeighting: z.enum(['central_mask', 'probe', 'uniform']).default('central_mask'),
  maxNeighborDistance: z.number().min(0).default(3),
  intensityScaleTrainable: z.boolean().default(false),
  /** Outer channels of the head: `torch` = C, `tensorflow` = 4 (model spec §2.5). */
  headVariant: z.enum(['torch', 'tensorflow']).default('torch'),
  amplitudePhysicsGain: z.number().positive().default(1),
});

export type ModelSpec = z.infer<typeof modelSpecSchema>;

/** Patterns per group, the channel count of the network's input. */
export function channelsOf(model: Pick<ModelSpec, 'gridsize'>): number {
  return model.gridsize * model.gridsize;
}

/** What the gradient is taken of (model spec §9). Weights are relative; zero switches a term off. */
export const lossSpecSchema = z.strictObject({
  kind: z.enum(['poisson', 'mae']).default('poisson'),
  nllWeight: z.number().min(0).max(1).default(1),
  maeWeight: z.number().min(0).max(1).default(0),
  realspaceWeight: z.number().min(0).default(0),
  realspaceMaeWeight: z.number().min(0).default(0),
  tvWeight: z.number().min(0).default(0),
  maePredL2MatchTarget: z.boolean().default(false),
});

export type LossSpec = z.infer<typeof lossSpecSchema>;
