import type { ContentDigest, Digest } from '@ptychofleet/base';
import type { LossSpec, ModelSpec } from '@ptychofleet/config';
import type { Block, Plan, RoundPurpose, RunPosition } from '@ptychofleet/run';
import type { LedgerHead, LedgerStep, SealedFile } from '@ptychofleet/store';
import type { JsonObject, LentBytes, NamedBytes } from '@ptychofleet/wire';

/** What a worker is told to compute. */
export interface TaskDescription {
  readonly kind: 'TASK_KIND_GRADIENT' | 'TASK_KIND_LOSS' | 'TASK_KIND_PREDICTION';
  readonly model: ModelSpec;
  readonly loss: LossSpec;
  readonly scanDigest: Digest;
  readonly weightsDigest: ContentDigest;
  /** Micro-batches of an aligned block, from left to right; one for losses and predictions. */
  readonly microBatches: readonly Int32Array[];
  readonly cropSide: number;
}

/** What a worker answered, checked for length and digest. */
export interface TaskAnswer {
  readonly lossSum: number;
  readonly groupCount: number;
  readonly values: Float32Array;
}

/** An answer with what decides about it. */
export interface DeliveredAnswer extends TaskAnswer {
  /** Of values, loss and count: two answers to one block agree or contradict by it. */
  readonly digest: string;
  readonly computeMs: number;
}

/** Where a round stands in its run. */
export interface RoundPlace {
  readonly purpose: RoundPurpose;
  readonly epoch: number;
  readonly stepInEpoch: number;
}

export interface EpochSummary {
  readonly trainLoss: number;
  readonly validationLoss: number | null;
  readonly learningRate: number;
  readonly weightsDigest: ContentDigest;
}

/** What closing a round brought about. */
export interface RoundOutcome {
  /** Mean loss of the round per group; null for predictions. */
  readonly loss: number | null;
  /** Set when the round was an optimiser step. */
  readonly step?: LedgerStep;
  /** Norm of the mean gradient before clipping, where it was asked for and the optimiser moved. */
  readonly gradientNorm?: number;
  /** Set when the round ended an epoch. */
  readonly epoch?: EpochSummary;
  /** Set when the run is to end early, with the reason. */
  readonly stop?: string;
}

export interface MadeFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What the answer to a lease has to be like. */
export interface ExpectedAnswer {
  readonly valueCount: number;
  /** To be overwritten with the values. */
  readonly memory: () => Float32Array;
}

/**
 * The numeric side of a run: turns places into tasks and answers into weights or pictures. The machine of libs/run
 * decides when; a job never sees a worker.
 */
export interface Job {
  readonly plan: Plan;
  /** Patterns that one accepted answer with `groupCount` groups stands for. */
  readonly patternsPerGroup: number;
  readonly warnings: readonly string[];
  /** What its steps are measured against; null where there are none. */
  readonly ledger: LedgerHead | null;
  /** The round that comes next; undefined for a job that always begins anew. */
  readonly position: RunPosition | undefined;
  /** Of those who computed the rounds before `position`; null where nothing has been computed. */
  readonly numerics: JsonObject | null;
  learningRate(epoch: number): number;
  /** Number of values an answer must have. */
  valueCount(purpose: RoundPurpose): number;
  /** As many values to be overwritten with an answer. */
  memory(purpose: RoundPurpose): Float32Array;
  describe(place: RoundPlace, block: Block): TaskDescription;
  accept(place: RoundPlace, block: Block, answer: TaskAnswer): void;
  /** Forgets what was accepted since the last round was closed. */
  voidRound(): void;
  closeRound(place: RoundPlace): Promise<RoundOutcome>;
  /**
   * All that a restart needs, as it is after the last round that was closed; what the present round has brought so far is
   * not in it. A copy, taken before the call returns and finished beside what follows; null where a restart begins anew.
   * @param used an earlier one that nobody needs any more: its memory may be written anew.
   */
  checkpoint(used: Uint8Array | null): Promise<SealedFile> | null;
  /** The run's files, after its last round. */
  finish(): Promise<readonly MadeFile[]>;
  /** Content that workers may ask for while the job lives. */
  blob(digest: ContentDigest): LentBytes | null;
  /**
   * What replaces that content, as soon as it does, or null when the job ends before; at once null where it is not content that is replaced.
   * @param gone fires when nobody waits any more
   */
  next?(digest: ContentDigest, gone: AbortSignal): Promise<NamedBytes | null> | null;
  /** The run is over: nothing will come next. */
  close?(): void;
}
