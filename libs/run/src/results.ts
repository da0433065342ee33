import { assert } from '@ptychofleet/base';
import { tasksOf } from './block.ts';
import type { FleetEffect, FleetEvent } from './fleet-events.ts';
import type { FleetState, Holding, Lease, Round, RunState, WorkerState } from './fleet-state.ts';
import {
  beginNext,
  inTimeAgain,
  isDisputed,
  keyOf,
  putBack,
  reconsider,
  releaseLease,
  returnIfIdle,
  returnToPool,
} from './holding.ts';
import type { WorkerId } from './ids.ts';
import { quarantine } from './quarantine.ts';
import { endRun } from './run-lifecycle.ts';

type RunAtWork = RunState & { round: Round };

/** Failures in a row after which a worker is kept from work, where others are there to do it. */
const failuresInRowMost = 2;

/** A result is on its way: it is not late while others wait to be taken in before it, and its worker is at the next one. */
export function expectResult(
  state: FleetState,
  { worker: id, lease: leaseId }: Extract<FleetEvent, { type: 'result-arriving' }>,
): void {
  const lease = state.leases.get(leaseId);
  const worker = state.workers.get(id);
  if (lease === undefined || worker === undefined || lease.worker !== id || lease.arrivingMs !== null) return;
  lease.arrivingMs = state.clock.nowMs;
  beginNext(state, worker);
  if (!worker.silent) inTimeAgain(state, leaseId);
}

/** Takes a result in: it counts, or it is a voice on what the result should be, or it is refused with a reason. */
export function finishTask(
  state: FleetState,
  { worker: id, lease: leaseId, digest, computeMs }: Extract<FleetEvent, { type: 'task-finished' }>,
  effects: FleetEffect[],
): void {
  const lease = state.leases.get(leaseId);
  const refuse = (reason: string): void => void effects.push({ type: 'refuse-result', reason });
  if (lease === undefined || lease.worker !== id) {
    return refuse(`lease ${leaseId} of worker ${id} is not in force`);
  }
  const worker = state.workers.get(id);
  const run = state.runs.get(lease.run);
  assert(worker !== undefined && run !== undefined, 'a lease has a live holder and a run');
  run.durations.note(lease, state.clock.nowMs, computeMs);
  releaseLease(state, lease);
  worker.tasksDone += 1;
  worker.failuresInRow = 0;
  if (!lease.late) worker.lateTold = false;
  if (lease.superseded !== null) {
    const { digest: accepted, by } = lease.superseded;
    if (accepted === null) return refuse('its step began anew');
    if (accepted === digest) return refuse('another was first with the same bits');
    refuse('another was first, with other bits');
    return contradict(state, run, { lease, by, accepted, digest }, effects);
  }
  assert(run.round?.number === lease.round, 'a lease belongs to the round at work');
  const atWork = run as RunAtWork;
  const holding = atWork.round.holdings.get(keyOf(lease.block));
  assert(holding !== undefined, 'a block that is given out is in the books');
  vote(state, atWork, holding, worker, digest, effects);
}

function vote(
  state: FleetState,
  run: RunAtWork,
  holding: Holding,
  worker: WorkerState,
  digest: string,
  effects: FleetEffect[],
): void {
  const { round } = run;
  const before = holding.votes.find((other) => other.worker === worker.id);
  if (before !== undefined && before.digest !== digest) {
    effects.push({ type: 'refuse-result', reason: 'it contradicts what the same worker delivered before' });
    return convict(state, run, worker.id, `computed ${textOf(run, holding)} twice, with other bits`, effects);
  }
  holding.votes.push({ worker: worker.id, digest });
  const agreeing = new Set(
    holding.votes.filter((other) => other.digest === digest).map(({ worker: w }) => w),
  );
  const disputed = isDisputed(holding);
  if (agreeing.size >= 2 || (!disputed && holding.wanted === 1)) {
    const others = holding.votes.filter((other) => other.digest !== digest).map(({ worker: w }) => w);
    if (agreeing.size >= 2) for (const each of agreeing) trust(state, each, effects);
    accept(state, run, holding, agreeing.size >= 2 ? null : worker.id, digest, effects);
    for (const liar of new Set(others)) {
      const reason = `its result for ${textOf(run, holding)} is not what ${[...agreeing].join(' and ')} computed`;
      convict(state, run, liar, reason, effects);
    }
    return closeIfDone(run, effects);
  }
  const opinions = new Set(holding.votes.map((other) => other.digest)).size;
  effects.push({
    type: 'refuse-result',
    reason: `noted as opinion ${holding.votes.length} of those that count`,
  });
  if (disputed && holding.votes.length === opinions) {
    const names = holding.votes.map(({ worker: w }) => w).join(' and ');
    const text = `${names} disagree about ${textOf(run, holding)}; another worker decides`;
    effects.push({ type: 'note', run: run.id, text });
  }
  reconsider(state, round, holding);
}

function accept(
  state: FleetState,
  run: RunAtWork,
  holding: Holding,
  worker: WorkerId | null,
  digest: string,
  effects: FleetEffect[],
): void {
  const { round } = run;
  const { block } = holding;
  for (const task of tasksOf(block)) {
    assert(!round.done.has(task), 'a task is done once');
    round.done.add(task);
  }
  for (const id of holding.leases) {
    const lease = state.leases.get(id);
    if (lease !== undefined) lease.superseded = { digest, by: worker };
  }
  round.holdings.delete(keyOf(block));
  round.seekers.delete(holding);
  round.accepted.set(keyOf(block), { block, worker, digest });
  effects.push({ type: 'accept-result', run: run.id, round: round.number, block });
}

function closeIfDone(run: RunAtWork, effects: FleetEffect[]): void {
  const { round, epoch, stepInEpoch } = run;
  if (round.done.size < round.taskCount) return;
  const { number, purpose } = round;
  effects.push({ type: 'close-round', run: run.id, round: number, purpose, epoch, stepInEpoch });
}

/** Two workers agreed: what either computes counts again by itself. */
function trust(state: FleetState, id: WorkerId, effects: FleetEffect[]): void {
  const worker = state.workers.get(id);
  if (worker === undefined || !worker.suspect) return;
  worker.suspect = false;
  effects.push({ type: 'note', run: null, text: `worker ${id} is trusted again` });
}

interface Contradiction {
  readonly lease: Lease;
  /** Who delivered what was accepted; null when two had agreed. */
  readonly by: WorkerId | null;
  readonly accepted: string;
  readonly digest: string;
}

/**
 * A result that came after another had been accepted differs from it, so one of the two workers is at fault. Where two had
 * agreed it is clear who; while the round is open it begins anew and a third decides; later, both are watched until each
 * has agreed with another.
 */
function contradict(
  state: FleetState,
  run: RunState,
  { lease, by, accepted, digest }: Contradiction,
  effects: FleetEffect[],
): void {
  const { round } = run;
  const what = `tasks ${tasksOf(lease.block).join(', ')} of round ${lease.round}`;
  const stored = round !== null && round.done.size === round.taskCount;
  if (by === null) {
    const reason = `its result for ${what} is not what two others computed`;
    if (!stored) return convict(state, run, lease.worker, reason, effects);
    // All results are in and being used: no step can begin anew without what it had delivered.
    const text = `${lease.worker} computes wrongly, and whatever it delivered for round ${round.number} has been used`;
    effects.push({ type: 'note', run: run.id, text });
    return quarantine(state, state.workers.get(lease.worker)!, reason, effects);
  }
  const names = `${by} and ${lease.worker}`;
  if (round === null || round.number !== lease.round || stored) {
    const text = `${names} disagree about ${what}, and the result of ${by} has been used: one of them computes wrongly, and what they do is checked until it is clear which`;
    effects.push({ type: 'note', run: run.id, text });
    for (const id of [by, lease.worker]) suspect(state, id);
    return;
  }
  effects.push({ type: 'note', run: run.id, text: `${names} disagree about ${what}; the step begins anew` });
  beginAnew(state, run as RunAtWork, effects);
  const votes = [
    { worker: by, digest: accepted },
    { worker: lease.worker, digest },
  ];
  const holding: Holding = { block: lease.block, leases: new Set(), wanted: 2, strict: false, votes };
  for (const task of tasksOf(lease.block)) round.waiting.splice(round.waiting.indexOf(task), 1);
  round.holdings.set(keyOf(lease.block), holding);
  reconsider(state, round, holding);
}

function suspect(state: FleetState, id: WorkerId): void {
  const worker = state.workers.get(id);
  if (worker !== undefined) worker.suspect = true;
}

/** Voids everything accepted in the present round: its tasks wait again. */
function beginAnew(state: FleetState, run: RunAtWork, effects: FleetEffect[]): void {
  const { round } = run;
  round.done.clear();
  for (const { block } of round.accepted.values()) putBack(round, block);
  round.accepted.clear();
  for (const lease of state.leases.values()) {
    if (lease.run === run.id && lease.round === round.number && lease.superseded !== null)
      lease.superseded = { digest: null, by: null };
  }
  effects.push({ type: 'void-round', run: run.id, round: round.number });
}

/** A worker computed what it should not have: nothing of it counts any more, and it is kept from work for a while. */
function convict(
  state: FleetState,
  run: RunState,
  id: WorkerId,
  reason: string,
  effects: FleetEffect[],
): void {
  const { round } = run;
  const worker = state.workers.get(id);
  if (worker !== undefined) quarantine(state, worker, reason, effects);
  if (round === null) return;
  for (const holding of [...round.holdings.values()]) {
    if (!holding.votes.some(({ worker }) => worker === id)) continue;
    holding.votes = holding.votes.filter(({ worker }) => worker !== id);
    if (holding.votes.length === 0 && holding.leases.size === 0) returnToPool(round, holding);
    else reconsider(state, round, holding);
  }
  const unproven = [...round.accepted.values()].some((result) => result.worker === id);
  if (!unproven) return;
  effects.push({ type: 'note', run: run.id, text: `the step begins anew without what ${id} had delivered` });
  beginAnew(state, run as RunAtWork, effects);
}

const textOf = (run: RunAtWork, { block }: Holding): string => {
  const tasks = tasksOf(block);
  return `task${tasks.length === 1 ? '' : 's'} ${tasks.join(', ')} of round ${run.round.number}`;
};

export function failTask(
  state: FleetState,
  event: Extract<FleetEvent, { type: 'task-failed' }>,
  effects: FleetEffect[],
): void {
  const lease = state.leases.get(event.lease);
  if (lease === undefined || lease.worker !== event.worker) return;
  releaseLease(state, lease);
  const worker = state.workers.get(event.worker);
  const run = state.runs.get(lease.run);
  assert(worker !== undefined && run !== undefined, 'a lease has a live holder and a run');
  const tasks = tasksOf(lease.block);
  const text = `worker ${event.worker} could not do task ${tasks.join(', ')}: ${event.reason}`;
  effects.push({ type: 'note', run: run.id, text });
  const { round } = run;
  // Nobody needs it any more, and what it is computed from may be gone: whoever was late with it is not at fault.
  if (round?.number !== lease.round || lease.superseded !== null) return;
  worker.failuresInRow += 1;
  if (worker.failuresInRow >= failuresInRowMost && state.roster.present > 1) {
    worker.failuresInRow = 0;
    quarantine(state, worker, `${failuresInRowMost} failures in a row, the last: ${event.reason}`, effects);
  }
  for (const task of tasks) round.failures.set(task, (round.failures.get(task) ?? 0) + 1);
  returnIfIdle(round, lease);
  const holding = round.holdings.get(keyOf(lease.block));
  if (holding !== undefined) reconsider(state, round, holding);
  const failures = Math.max(...tasks.map((task) => round.failures.get(task) ?? 0));
  if (failures >= state.limits.taskFailuresMax) endRun(state, run.id, 'failed', event.reason, effects);
}
