import type { Block } from './block.ts';
import type { RunId, WorkerId } from './ids.ts';
import type { BlockDurations } from './lateness.ts';
import type { Plan, RoundPurpose } from './plan.ts';
import { Roster } from './roster.ts';

export interface WorkerState {
  readonly id: WorkerId;
  /** The same for all lives of one worker; quarantine goes by it. */
  readonly name: string;
  /** Its numerics class: equal classes compute equal bits. */
  readonly numerics: string;
  /** Its place in the order of joining. */
  readonly order: number;
  /** Tasks it may hold at a time: one at work, the rest ahead. */
  readonly slots: number;
  /** Leases it holds, oldest first. */
  readonly leases: Set<number>;
  draining: boolean;
  /** Not heard of for a while: what it holds is given to others as well, and it gets nothing new. */
  silent: boolean;
  /** Whether it may be given work. */
  able: boolean;
  /** Nothing that it computes counts until another worker has computed the same. */
  suspect: boolean;
  lastHeardMs: number;
  tasksDone: number;
  failuresInRow: number;
  /** It is told once that it is late, until it is in time again. */
  lateTold: boolean;
}

export interface Lease {
  readonly id: number;
  readonly worker: WorkerId;
  readonly run: RunId;
  readonly round: number;
  readonly purpose: RoundPurpose;
  readonly block: Block;
  /** When its worker had nothing older left to do; null before. */
  startedMs: number | null;
  /** When its result began to arrive, and its worker was done with it; null before. */
  arrivingMs: number | null;
  /** It or its result takes longer than others did, or it waits behind one that does, or its worker is silent. */
  late: boolean;
  /** Set when somebody else's result was accepted meanwhile: this one will only be compared. */
  superseded: Superseded | null;
}

export interface Superseded {
  /** Of the accepted result; null when that was void, so that there is nothing to compare with. */
  readonly digest: string | null;
  /** Who delivered it; null when two had agreed, so that whoever says otherwise is wrong. */
  readonly by: WorkerId | null;
}

/** What one worker says the result of a block is. */
export interface Vote {
  readonly worker: WorkerId;
  readonly digest: string;
}

/** A block that is given out and has no accepted result yet. */
export interface Holding {
  readonly block: Block;
  readonly leases: Set<number>;
  /** Workers that must have computed the same before it counts. */
  wanted: 1 | 2;
  /** Whether it waits for a second worker where there is none. */
  readonly strict: boolean;
  votes: Vote[];
}

export interface Round {
  /** Counted from 0 over the life of the run. */
  readonly number: number;
  readonly purpose: RoundPurpose;
  readonly taskCount: number;
  /** Tasks that nobody holds, lowest first. */
  readonly waiting: number[];
  readonly done: Set<number>;
  readonly holdings: Map<number, Holding>;
  /** Holdings that want one more worker than they have. */
  readonly seekers: Set<Holding>;
  /** Blocks with an accepted result, and who made it; nobody where two had agreed. */
  readonly accepted: Map<
    number,
    { readonly block: Block; readonly worker: WorkerId | null; readonly digest: string }
  >;
  /** Times that a task failed on a worker, by task. */
  readonly failures: Map<number, number>;
}

export type RunPhase = 'queued' | 'running' | 'paused' | 'succeeded' | 'failed' | 'cancelled';

/** How results are checked against faulty workers. */
export interface RunChecks {
  /** Workers that must have computed the same before any result counts. */
  readonly redundancy: 1 | 2;
  /** Every so many steps one block is computed by a second worker; 0 for never. */
  readonly auditEverySteps: number;
  /** Whether workers of different numerics classes may work on it: the bits then depend on who does what. */
  readonly mixedNumerics: boolean;
}

export const noChecks: RunChecks = { redundancy: 1, auditEverySteps: 0, mixedNumerics: false };

export interface RunState {
  readonly id: RunId;
  readonly plan: Plan;
  readonly checks: RunChecks;
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
  /** The only class whose workers it takes; null before the first lease, and where classes may mix. */
  numerics: string | null;
  /** How long the coordinator takes to take in one result of a step. */
  readonly intakeMs: number;
  readonly durations: BlockDurations;
}

export interface FleetLimits {
  /** Silence after which what a worker holds is given to others as well. */
  readonly suspectMs: number;
  /** Silence after which a worker is given up. */
  readonly heartbeatTimeoutMs: number;
  /** A lease is never late before. */
  readonly lateMsLeast: number;
  /** A worker whose lease takes this long, however alive it seems, is given up; so is one that takes eight times the time after which it is late, if that is longer. */
  readonly hungMsLeast: number;
  /** The same while nobody knows how long a block takes. */
  readonly hungMsUnknown: number;
  /** First stay in quarantine; each further one is twice as long, up to eight times. */
  readonly quarantineMs: number;
  /** Failures of one task after which its run fails. */
  readonly taskFailuresMax: number;
}

export interface Quarantine {
  readonly untilMs: number;
  readonly times: number;
  readonly reason: string;
  over: boolean;
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
  /** By the name of the worker. */
  readonly quarantine: Map<string, Quarantine>;
  /** Workers that a client wants gone: each is sent away when it holds nothing more. */
  readonly unwanted: Set<WorkerId>;
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
    quarantine: new Map(),
    unwanted: new Set(),
    limits,
    clock: { nowMs: 0, callerMs: null },
    nextLease: 1,
    nextWorker: 1,
  };
}

/**
 * Moves the machine's time with the caller's, but never backwards and never by more than half of what makes a worker
 * silent between two events, which come far more often than that: a clock that leapt, or a coordinator that stood still
 * while heartbeats lay unread, says nothing about the workers.
 */
export function passTime({ clock, limits }: FleetState, callerMs: number): void {
  const passedMs = callerMs - (clock.callerMs ?? callerMs);
  clock.nowMs += Math.min(Math.max(0, passedMs), limits.suspectMs / 2);
  clock.callerMs = callerMs;
}

export function isFinal(phase: RunPhase): boolean {
  return phase === 'succeeded' || phase === 'failed' || phase === 'cancelled';
}
