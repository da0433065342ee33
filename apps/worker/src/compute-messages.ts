import type { LossSpec, ModelSpec } from '@ptychofleet/config';
import type { ContentDigest } from '@ptychofleet/base';
import type { NumericsPassport } from '@ptychofleet/compute';

export type TaskKind = 'gradient' | 'loss' | 'prediction';

export interface ComputeTask {
  readonly kind: TaskKind;
  readonly model: ModelSpec;
  readonly loss: LossSpec;
  readonly scanDigest: ContentDigest;
  readonly weightsDigest: ContentDigest;
  /** An aligned block of micro-batches, from left to right; one for losses and predictions. */
  readonly microBatches: readonly Int32Array[];
  readonly cropSide: number;
}

export interface ComputeResult {
  readonly lossSum: number;
  readonly groupCount: number;
  /** Empty when they have been delivered: the session lets go of them. */
  readonly values: Float32Array;
  readonly computeMs: number;
}

/** To the compute thread. Scans and weights travel once, before the first task that names them. */
export type ToCompute =
  | { readonly type: 'scan'; readonly digest: ContentDigest; readonly bytes: Uint8Array }
  | { readonly type: 'weights'; readonly digest: ContentDigest; readonly slab: Float32Array }
  | { readonly type: 'forget'; readonly digest: ContentDigest }
  | { readonly type: 'task'; readonly id: number; readonly life: number; readonly task: ComputeTask };

/** Shared with the compute thread, which cannot hear of anything while it computes: sessions that are over so far. */
export interface ComputeData {
  readonly lives: Int32Array;
}

/** From the compute thread. */
export type FromCompute =
  | { readonly type: 'ready'; readonly numerics: NumericsPassport }
  /** Of weights that were forgotten. */
  | { readonly type: 'spare'; readonly memory: ArrayBuffer }
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'result'; readonly id: number; readonly result: ComputeResult }
  | { readonly type: 'failure'; readonly id: number; readonly reason: string };
