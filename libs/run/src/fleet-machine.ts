import { assert, unreachable } from '@ptychofleet/base';
import { tasksOf } from './block.ts';
import type { FleetEffect, FleetEvent } from './fleet-events.ts';
import { passTime, type FleetState } from './fleet-state.ts';
import type { WorkerId } from './ids.ts';
import { expireWorkers, joinWorker, loseWorker, releaseLease, returnTasks } from './membership.ts';
import { assignTasks } from './placement.ts';
import { runStart, stepsBefore } from './plan.ts';
import { closeRound, endRun, pauseRun, resumeRun, startNextRun } from './run-lifecycle.ts';

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
        workersMin: event.workersMin,
        opensWith: plan.kind === 'training' ? at.purpose : 'inference',
        phase: 'queued',
        reason: '',
        epoch: at.epoch,
        stepInEpoch: at.stepInEpoch,
        step: plan.kind === 'training' ? stepsBefore(plan, at) : 0,
        round: null,
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
    case 'worker-heard': {
      const worker = state.workers.get(event.worker);
      if (worker !== undefined) worker.lastHeardMs = state.clock.nowMs;
      return;
    }
    case 'worker-draining': {
      const worker = state.workers.get(event.worker);
      if (worker === undefined || worker.draining) return;
      worker.draining = true;
      worker.able = false;
      state.roster.update(worker);
      effects.push({
        type: 'note',
        run: null,
        text: `worker ${event.worker} takes no more tasks: ${event.reason}`,
      });
      return;
    }
    case 'worker-lost':
      return loseWorker(state, event.worker, event.reason, effects);
    case 'task-finished':
      return finishTask(state, event.worker, event.lease, effects);
    case 'task-failed':
      return failTask(state, event, effects);
    case 'tick':
      return expireWorkers(state, effects);
    default:
      return unreachable(event);
  }
}

function finishTask(state: FleetState, worker: WorkerId, leaseId: number, effects: FleetEffect[]): void {
  const lease = state.leases.get(leaseId);
  if (lease === undefined || lease.worker !== worker) {
    effects.push({ type: 'refuse-result', reason: `lease ${leaseId} of worker ${worker} is not in force` });
    return;
  }
  releaseLease(state, lease);
  const holder = state.workers.get(worker);
  assert(holder !== undefined, 'a lease has a live holder');
  holder.tasksDone += 1;
  const run = state.runs.get(lease.run);
  const round = run?.round;
  assert(run !== undefined && round !== null && round !== undefined, 'a lease has a live round');
  assert(round.number === lease.round, 'a lease belongs to the round at work');
  for (const task of tasksOf(lease.block)) {
    assert(!round.done.has(task), 'a task is done once');
    round.done.add(task);
  }
  effects.push({ type: 'accept-result', run: run.id, round: round.number, block: lease.block });
  if (round.done.size === round.taskCount) {
    const { epoch, stepInEpoch } = run;
    effects.push({
      type: 'close-round',
      run: run.id,
      round: round.number,
      purpose: round.purpose,
      epoch,
      stepInEpoch,
    });
  }
}

function failTask(
  state: FleetState,
  event: Extract<FleetEvent, { type: 'task-failed' }>,
  effects: FleetEffect[],
): void {
  const lease = state.leases.get(event.lease);
  if (lease === undefined || lease.worker !== event.worker) return;
  releaseLease(state, lease);
  const run = state.runs.get(lease.run);
  const round = run?.round;
  assert(run !== undefined && round !== null && round !== undefined, 'a lease has a live round');
  const tasks = tasksOf(lease.block);
  const failures = Math.max(...tasks.map((task) => (round.failures.get(task) ?? 0) + 1));
  for (const task of tasks) round.failures.set(task, (round.failures.get(task) ?? 0) + 1);
  returnTasks(round, lease);
  effects.push({
    type: 'note',
    run: run.id,
    text: `worker ${event.worker} could not do task ${tasks.join(', ')}: ${event.reason}`,
  });
  if (failures >= state.limits.taskFailuresMax) endRun(state, run.id, 'failed', event.reason, effects);
}
