import { assert, unreachable } from '@ptychofleet/base';
import type { FleetEffect, FleetEvent } from './fleet-events.ts';
import { noChecks, passTime, type FleetState } from './fleet-state.ts';
import { BlockDurations } from './lateness.ts';
import {
  dismissUnwanted,
  drainWorker,
  hearWorker,
  joinWorker,
  loseWorker,
  watchWorkers,
} from './membership.ts';
import { assignTasks } from './placement.ts';
import { runStart, stepsBefore } from './plan.ts';
import { endQuarantines } from './quarantine.ts';
import { expectResult, failTask, finishTask } from './results.ts';
import { closeRound, endRun, explainStandstill, pauseRun, resumeRun, startNextRun } from './run-lifecycle.ts';

/**
 * One step of the coordinator's mind: takes what happened and when by the caller's clock, changes `state`, returns what to
 * do. Pure but for `state`, which it owns: no clock, no randomness, no IO.
 */
export function advance(state: FleetState, event: FleetEvent, atMs: number): FleetEffect[] {
  const effects: FleetEffect[] = [];
  passTime(state, atMs);
  apply(state, event, effects);
  startNextRun(state, effects);
  assignTasks(state, effects);
  dismissUnwanted(state, effects);
  if (event.type === 'tick') explainStandstill(state, effects);
  return effects;
}

function apply(state: FleetState, event: FleetEvent, effects: FleetEffect[]): void {
  switch (event.type) {
    case 'run-submitted': {
      assert(!state.runs.has(event.run), `run ${event.run} exists`);
      const { plan, at = runStart } = event;
      state.runs.set(event.run, {
        id: event.run,
        plan,
        checks: event.checks ?? noChecks,
        workersMin: event.workersMin,
        opensWith: plan.kind === 'training' ? at.purpose : 'inference',
        phase: 'queued',
        reason: '',
        epoch: at.epoch,
        stepInEpoch: at.stepInEpoch,
        step: plan.kind === 'training' ? stepsBefore(plan, at) : 0,
        round: null,
        numerics: event.numerics ?? null,
        intakeMs: event.intakeMs ?? 0,
        durations: new BlockDurations(),
      });
      effects.push({ type: 'run-changed', run: event.run });
      return;
    }
    case 'run-cancelled':
      return endRun(state, event.run, 'cancelled', 'cancelled by a client', effects);
    case 'run-paused':
      return pauseRun(state, event.run, effects);
    case 'run-resumed':
      return resumeRun(state, event.run, effects);
    case 'run-broken':
      return endRun(state, event.run, 'failed', event.reason, effects);
    case 'round-closed':
      return closeRound(state, event, effects);
    case 'worker-joined':
      return joinWorker(state, event, effects);
    case 'worker-heard':
      return hearWorker(state, event.worker, effects);
    case 'worker-draining':
      return drainWorker(state, event, effects);
    case 'worker-lost':
      return loseWorker(state, event.worker, event.reason, effects);
    case 'result-arriving':
      return expectResult(state, event);
    case 'task-finished':
      return finishTask(state, event, effects);
    case 'task-failed':
      return failTask(state, event, effects);
    case 'tick':
      watchWorkers(state, effects);
      return endQuarantines(state, effects);
    default:
      return unreachable(event);
  }
}
