import type { Block } from './block.ts';
import type { RunId, WorkerId } from './ids.ts';
import type { Plan, RoundPurpose } from './plan.ts';
import { Roster } from './roster.ts';

export interface WorkerState {
  readonly id: WorkerId;
  /** Its place in the order of joining. */
  readonly order: number;
  /** Tasks it may hold at a time: one at work, the rest ahead. */
  readonly slots: number;
  /** Leases it holds, oldest first. */
  readonly leases: Set<number>;
  draining: boolean;
  /** Whether it may be given work. */
  able: boolean;
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

export type RunPhase = 'queued' | 'running' | 'paused' | 'succeeded' | 'failed' | 'cancelled';

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

export interface FleetLimits {
  /** Silence after which a worker is given up. */
  readonly heartbeatTimeoutMs: number;
  /** Failures of one task after which its run fails. */
  readonly taskFailuresMax: number;
}

/**
 * Everything the coordinator decides with: ids, counts and ticks; never tensors, messages, paths or dates.
 * `advance` owns it and changes it in place; the same events from the same start give the same state and effects.
 */
export interface FleetState {
  readonly workers: Map<WorkerId, WorkerState>;
  readonly roster: Roster;
  readonly runs: Map<RunId, RunState>;
  readonly leases: Map<number, Lease>;
  readonly limits: FleetLimits;
  readonly clock: FleetClock;
  nextLease: number;
  nextWorker: number;
}

/** The machine's own time, see {@link passTime}. */
export interface FleetClock {
  nowMs: number;
  /** What the caller's clock said last; null before the first event. */
  callerMs: number | null;
}

export function initialFleet(limits: FleetLimits): FleetState {
  return {
    workers: new Map(),
    roster: new Roster(),
    runs: new Map(),
    leases: new Map(),
    limits,
    clock: { nowMs: 0, callerMs: null },
    nextLease: 1,
    nextWorker: 1,
  };
}

/**
 * Moves the machine's time with the caller's, but never backwards and never by more than a quarter of the heartbeat timeout
 * between two events, which come far more often than that: a clock that leapt, or a coordinator that stood still while
 * heartbeats lay unread, says nothing about the workers.
 */
export function passTime({ clock, limits }: FleetState, callerMs: number): void {
  const passedMs = callerMs - (clock.callerMs ?? callerMs);
  clock.nowMs += Math.min(Math.max(0, passedMs), limits.heartbeatTimeoutMs / 4);
  clock.callerMs = callerMs;
}

export function isFinal(phase: RunPhase): boolean {
  return phase === 'succeeded' || phase === 'failed' || phase === 'cancelled';
}
