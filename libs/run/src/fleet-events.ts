import type { Block } from './block.ts';
import type { RunChecks } from './fleet-state.ts';
import type { RunId, WorkerId } from './ids.ts';
import type { Plan, RoundPurpose, RunPosition } from './plan.ts';

/** What happened; `advance` is told when. */
export type FleetEvent =
  | {
      readonly type: 'run-submitted';
      readonly run: RunId;
      readonly plan: Plan;
      readonly workersMin: number;
      /** None where it is left out. */
      readonly checks?: RunChecks;
      /** How long the coordinator takes to take in one result of a step; 0 where it is left out. */
      readonly intakeMs?: number;
      /** Numerics class that it was begun with; that of its first worker where it is left out. */
      readonly numerics?: string;
      /** Training: where it goes on; the start when left out. */
      readonly at?: RunPosition;
    }
  | { readonly type: 'run-cancelled'; readonly run: RunId }
  | { readonly type: 'run-paused'; readonly run: RunId }
  | { readonly type: 'run-resumed'; readonly run: RunId }
  | { readonly type: 'run-broken'; readonly run: RunId; readonly reason: string }
  /** The results of a round have been used: weights updated, or patches stitched. */
  | { readonly type: 'round-closed'; readonly run: RunId; readonly round: number; readonly stop?: string }
  | {
      readonly type: 'worker-joined';
      readonly worker: WorkerId;
      /** The same for all lives of one worker. */
      readonly name: string;
      readonly slots: number;
      /** Equal classes compute equal bits. */
      readonly numerics: string;
    }
  | { readonly type: 'worker-heard'; readonly worker: WorkerId }
  | {
      readonly type: 'worker-draining';
      readonly worker: WorkerId;
      readonly reason: string;
      /** It does not leave by itself: it is sent away when it holds nothing more. */
      readonly dismiss?: boolean;
    }
  | { readonly type: 'worker-lost'; readonly worker: WorkerId; readonly reason: string }
  /** The first bytes of a result are in. The rest may wait for the coordinator, and the worker is at the next one. */
  | { readonly type: 'result-arriving'; readonly worker: WorkerId; readonly lease: number }
  | {
      readonly type: 'task-finished';
      readonly worker: WorkerId;
      readonly lease: number;
      /** Of everything in the result: equal digests are equal bits. */
      readonly digest: string;
      /** Time that it says it spent computing. */
      readonly computeMs: number;
    }
  | {
      readonly type: 'task-failed';
      readonly worker: WorkerId;
      readonly lease: number;
      readonly reason: string;
    }
  | { readonly type: 'tick' };

/** What to do about it, in this order. */
export type FleetEffect =
  | {
      readonly type: 'assign-task';
      readonly worker: WorkerId;
      readonly lease: number;
      readonly run: RunId;
      readonly round: number;
      readonly purpose: RoundPurpose;
      readonly epoch: number;
      readonly stepInEpoch: number;
      readonly block: Block;
      /** Why this block goes to this worker, where it is not simply the next one: a sentence for people. */
      readonly why: string;
    }
  /** The result that came with the present event counts. */
  | { readonly type: 'accept-result'; readonly run: RunId; readonly round: number; readonly block: Block }
  /** What was accepted in this round is void: forget it. */
  | { readonly type: 'void-round'; readonly run: RunId; readonly round: number }
  /** The result that came with the present event is late, foreign or one voice of several; drop it. */
  | { readonly type: 'refuse-result'; readonly reason: string }
  /** All results of the round are in: use them, then report `round-closed`. */
  | {
      readonly type: 'close-round';
      readonly run: RunId;
      readonly round: number;
      readonly purpose: RoundPurpose;
      readonly epoch: number;
      readonly stepInEpoch: number;
    }
  | { readonly type: 'run-changed'; readonly run: RunId }
  | {
      readonly type: 'dismiss-worker';
      readonly worker: WorkerId;
      readonly reason: string;
      readonly mayReturn: boolean;
    }
  /** A decision for people, given when it changes. */
  | { readonly type: 'note'; readonly run: RunId | null; readonly text: string };
