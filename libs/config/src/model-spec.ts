import type { z } from 'zod';
import { lossSection } from './fields/loss.ts';
import { modelSection } from './fields/model.ts';

/**
 * The network and its physics: what fixes the parameter layout and the map from patterns to object
 * (spec: model). Field names are upstream's in camel case; missing keys take their default.
 */
export const modelSpecSchema = modelSection.defaulting;

export type ModelSpec = z.output<typeof modelSpecSchema>;

/** Patterns per group, the channel count of the network's input. */
export function channelsOf(model: Pick<ModelSpec, 'gridsize'>): number {
  return model.gridsize * model.gridsize;
}

/** What the gradient is taken of (model spec §9). Weights are relative; zero switches a term off. */
export const lossSpecSchema = lossSection.defaulting;

export type LossSpec = z.output<typeof lossSpecSchema>;
