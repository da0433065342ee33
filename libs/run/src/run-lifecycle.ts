import { assert } from '@ptychofleet/base';
import type { FleetEffect, FleetEvent } from './fleet-events.ts';
import { isFinal, type FleetState, type Round, type RunState } from './fleet-state.ts';
import type { RunId } from './ids.ts';
import { isDisputed, releaseLease } from './holding.ts';
import { inferenceTasks, positionAfter, shardsOfStep, validationTasks, type RoundPurpose } from './plan.ts';

/** Opens queued runs: every inference run at once, training runs one at a time in the order of submission. */
export function startNextRun(state: FleetState, effects: FleetEffect[]): void {
  let trainingBusy = false;
  for (const run of state.runs.values()) {
    if (run.phase === 'running' && run.plan.kind === 'training') trainingBusy = true;
  }
  for (const run of state.runs.values()) {
    if (run.phase !== 'queued') continue;
    if (run.opensWith === 'end') {
      run.phase = 'succeeded';
      effects.push({ type: 'run-changed', run: run.id });
      continue;
    }
    const wait = whyItWaits(state, run, trainingBusy);
    if (wait !== '') {
      if (run.reason !== wait) {
        run.reason = wait;
        effects.push({ type: 'note', run: run.id, text: wait }, { type: 'run-changed', run: run.id });
      }
      continue;
    }
    if (run.plan.kind === 'training') trainingBusy = true;
    run.phase = 'running';
    run.reason = '';
    run.round ??= openRound(run, 0, run.opensWith);
    effects.push({ type: 'run-changed', run: run.id });
  }
}

function whyItWaits(state: FleetState, run: RunState, trainingBusy: boolean): string {
  if (run.plan.kind === 'training' && trainingBusy) return 'waits for the training run before it';
  const { present } = state.roster;
  const wanted = Math.max(1, run.workersMin);
  if (present < wanted) return `waits for workers: ${present} of at least ${wanted} present`;
  return '';
}

function openRound(run: RunState, number: number, purpose: RoundPurpose): Round {
  const taskCount = tasksOfRound(run, purpose);
  assert(taskCount > 0, 'a round has tasks');
  const waiting = Array.from({ length: taskCount }, (_, task) => task);
  return {
    number,
    purpose,
    taskCount,
    waiting,
    done: new Set(),
    holdings: new Map(),
    seekers: new Set(),
    accepted: new Map(),
    failures: new Map(),
  };
}

function tasksOfRound({ plan, stepInEpoch }: RunState, purpose: RoundPurpose): number {
  if (plan.kind === 'inference') return inferenceTasks(plan);
  return purpose === 'step' ? shardsOfStep(plan, stepInEpoch) : validationTasks(plan);
}

/** Moves a run on after the results of its round have been used. */
export function closeRound(
  state: FleetState,
  event: Extract<FleetEvent, { type: 'round-closed' }>,
  effects: FleetEffect[],
): void {
  const run = state.runs.get(event.run);
  if (run === undefined || isFinal(run.phase)) return;
  const round = run.round;
  assert(
    round?.number === event.round && round.done.size === round.taskCount,
    'only a finished round closes',
  );
  const next = nextPurpose(run, round.purpose, event.stop !== undefined);
  if (next === null) {
    releaseAll(state, run.id);
    run.round = null;
    run.phase = 'succeeded';
    run.reason = event.stop ?? '';
    effects.push({ type: 'run-changed', run: run.id });
    return;
  }
  run.round = openRound(run, round.number + 1, next);
}

/** Counts what ended and says what comes next; null at the end of the run. */
function nextPurpose(run: RunState, ended: RoundPurpose, stop: boolean): RoundPurpose | null {
  const { plan, epoch, stepInEpoch } = run;
  if (plan.kind === 'inference') {
    run.step = inferenceTasks(plan);
    return null;
  }
  assert(ended !== 'inference', 'a training run has no inference round');
  const next = positionAfter(plan, { purpose: ended, epoch, stepInEpoch }, stop);
  run.step += ended === 'step' ? 1 : 0;
  run.epoch = next.epoch;
  run.stepInEpoch = next.stepInEpoch;
  return next.purpose === 'end' ? null : next.purpose;
}

/** Lets the workers finish what they hold and gives out nothing more; the next training run may begin meanwhile. */
export function pauseRun(state: FleetState, id: RunId, effects: FleetEffect[]): void {
  const run = state.runs.get(id);
  if (run === undefined || (run.phase !== 'queued' && run.phase !== 'running')) return;
  run.phase = 'paused';
  run.reason = 'paused by a client';
  effects.push({ type: 'run-changed', run: id });
}

/** Puts a paused run back in line, where it goes on in the middle of its round. */
export function resumeRun(state: FleetState, id: RunId, effects: FleetEffect[]): void {
  const run = state.runs.get(id);
  if (run?.phase !== 'paused') return;
  run.phase = 'queued';
  run.reason = '';
  effects.push({ type: 'run-changed', run: id });
}

function releaseAll(state: FleetState, id: RunId): void {
  for (const lease of [...state.leases.values()]) if (lease.run === id) releaseLease(state, lease);
}

/** Says of each run at work that nobody works on why that is so, and takes it back when somebody does. */
export function explainStandstill(state: FleetState, effects: FleetEffect[]): void {
  for (const run of state.runs.values()) {
    if (run.phase !== 'running' || run.round === null) continue;
    const reason = whyItStands(state, run, run.round);
    if (reason === run.reason) continue;
    run.reason = reason;
    if (reason !== '') effects.push({ type: 'note', run: run.id, text: reason });
    effects.push({ type: 'run-changed', run: run.id });
  }
}

function whyItStands(state: FleetState, run: RunState, round: Round): string {
  if (round.done.size === round.taskCount) return '';
  for (const holding of round.holdings.values()) if (holding.leases.size > 0) return '';
  const kept = [...state.quarantine.values()].filter(({ over }) => !over).length;
  const quarantined = kept === 0 ? '' : `, ${kept} in quarantine`;
  if (state.roster.present === 0) return `waits for a worker: ${state.workers.size} present${quarantined}`;
  for (const holding of round.holdings.values()) {
    if (isDisputed(holding)) return 'waits for a worker that decides between two that disagree';
    if (holding.votes.length > 0) return `waits for a second worker that computes the same${quarantined}`;
  }
  return `waits for a worker whose numerics are those of the run (class ${run.numerics ?? 'any'}); a run with --numerics mixed takes any`;
}

export function endRun(
  state: FleetState,
  id: RunId,
  phase: 'failed' | 'cancelled',
  reason: string,
  effects: FleetEffect[],
): void {
  const run = state.runs.get(id);
  if (run === undefined || isFinal(run.phase)) return;
  releaseAll(state, id);
  run.phase = phase;
  run.reason = reason;
  run.round = null;
  effects.push({ type: 'run-changed', run: id });
}
