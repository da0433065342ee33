import type { Digest } from '@ptychofleet/base';
import type { LossSpec, ModelSpec } from '@ptychofleet/config';
import type { PreparedScan } from '@ptychofleet/data';
import type {
  ClippingSpec,
  EarlyStoppingSpec,
  Hands,
  OptimizerSpec,
  ParameterLayout,
  ScheduleSpec,
} from '@ptychofleet/params';
import type { TrainingPlan } from '@ptychofleet/run';
import type { JsonObject } from '@ptychofleet/wire';
import type { EpochSummary, MadeFile } from './job.ts';
import type { RunIdentity } from './training-state.ts';

/** What a training is made of. */
export interface TrainingSettings {
  readonly plan: TrainingPlan;
  readonly model: ModelSpec;
  readonly loss: LossSpec;
  readonly layout: ParameterLayout;
  /** Drawn when they are needed: a run that goes on after a restart has others. */
  readonly firstWeights: () => Float32Array;
  /** Of the run's ledger where it has begun already: then the job stands nowhere until it is restored or begun. */
  readonly genesis?: Digest;
  readonly optimizer: OptimizerSpec;
  readonly schedule: ScheduleSpec;
  readonly clipping: ClippingSpec | null;
  readonly earlyStopping: EarlyStoppingSpec;
  /** Optimiser steps from one reported gradient norm to the next; null reports none. */
  readonly gradientNormEvery: number | null;
  readonly scan: PublishedScan;
  readonly validation: PublishedScan | null;
  readonly warnings: readonly string[];
  /** What checkpoints of this run carry, so that none is taken for one of another run. */
  readonly identity: RunIdentity;
  /** Step after which the run ends; null to go on to its end. */
  readonly stopAfterStep?: number | null;
  /** Do what is done to whole slabs; the job's own thread where left out. */
  readonly hands?: Hands;
  /** Numerics class of the workers that are there now. */
  readonly numerics: () => JsonObject;
  /** Makes the run's files from the final weights. */
  readonly publish: (
    weights: Float32Array,
    history: readonly EpochSummary[],
    numerics: JsonObject,
  ) => Promise<readonly MadeFile[]>;
}

/** A prepared scan with the bytes that workers pull. */
export interface PublishedScan {
  readonly scan: PreparedScan;
  readonly bytes: Uint8Array;
  readonly digest: Digest;
}
