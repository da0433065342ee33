import type { ModelSpec } from '@ptychofleet/config';
import type { ParameterLayout } from '@ptychofleet/params';
import type { JsonObject } from './canonical-json.ts';

/** What a `wts.h5.zip` holds (bundle spec §9). */
export interface Bundle {
  readonly model: ModelSpec;
  readonly layout: ParameterLayout;
  /** One slab in the order of `layout`, in runtime layout: kernels (kh, kw, in, out) and (in, out). */
  readonly weights: Float32Array;
  /** The 63 legacy keys of bundle spec §3, see `legacySnapshot`. */
  readonly params: JsonObject;
  /** Scaling record (bundle spec §5) without its schema version, which the archive adds. */
  readonly scaling: JsonObject;
  /**
   * Where the weights come from: overrides with levels, data set digest, seeds, steps, numerics class, code version.
   * Nothing that varies between equal runs belongs here: no date, host, folder or number of workers.
   */
  readonly provenance: JsonObject;
}

export const bundleFileName = 'wts.h5.zip';
export const bundleFormat = 'ptychofleet-bundle';
export const bundleBackend = 'ptychofleet';
export const bundleVersion = '1.0';
export const scalingSchema = 'ci-entrypoints-v1';

/** The model that clients call, and the name that upstream gives to the same network while it trains. */
export const servedModel = 'diffraction_to_obj';
export const trainedModel = 'autoencoder';

export const entries = {
  manifest: 'manifest.json',
  weights: `${servedModel}/weights.h5`,
  model: `${servedModel}/model.json`,
  params: `${servedModel}/params.json`,
  scaling: 'scaling.json',
  provenance: 'provenance.json',
} as const;
