import type { Block } from './block.ts';
import type { RunId, WorkerId } from './ids.ts';
import type { Plan, RoundPurpose } from './plan.ts';

export interface WorkerState {
  readonly id: WorkerId;
  /** Tasks it may hold at a time: one at work, the rest ahead. */
  readonly slots: number;
  /** Leases it holds, oldest first. */
  readonly leases: Set<number>;
  draining: boolean;
  lastHeardMs: number;
  tasksDone: number;
}

export interface Lease {
  readonly id: number;
  readonly worker: WorkerId;
  readonly run: RunId;
  readonly round: number;
  readonly block: Block;
}

export interface Round {
  /** Counted from 0 over the life of the run. */
  readonly number: number;
  readonly purpose: RoundPurpose;
  readonly taskCount: number;
  /** Tasks that nobody holds, lowest first. */
  readonly waiting: number[];
  readonly done: Set<number>;
  /** Times that a task failed on a worker, by task. */
  readonly failures: Map<number, number>;
}

export type RunPhase = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

export interface RunState {
  readonly id: RunId;
  readonly plan: Plan;
  readonly workersMin: number;
  /** What its first round here is for; `end` for a run that only has to be finished. */
  readonly opensWith: RoundPurpose | 'end';
  phase: RunPhase;
  /** Why the run is where it is, or what it waits for. */
  reason: string;
  /** Epochs finished. */
  epoch: number;
  /** Optimiser steps finished in the present epoch. */
  stepInEpoch: number;
  /** Steps finished over the whole run. */
  step: number;
  round: Round | null;
}

/**
 * Everything the coordinator decides with: ids, counts and ticks; never tensors, messages, paths or dates.
 * `advance` owns it and changes it in place; the same events from the same start give the same state and effects.
 */
export interface FleetState {
  readonly workers: Map<WorkerId, WorkerState>;
  readonly runs: Map<RunId, RunState>;
  readonly leases: Map<number, Lease>;
  nextLease: number;
  readonly heartbeatTimeoutMs: number;
  readonly taskFailuresMax: number;
}

export function initialFleet(limits: { heartbeatTimeoutMs: number; taskFailuresMax: number }): FleetState {
  return { workers: new Map(), runs: new Map(), leases: new Map(), nextLease: 1, ...limits };
}

export function isFinal(phase: RunPhase): boolean {
  return phase === 'succeeded' || phase === 'failed' || phase === 'cancelled';
}
