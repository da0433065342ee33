import { assert } from '@ptychofleet/base';
import { tasksOf } from './block.ts';
import type { FleetEffect, FleetEvent } from './fleet-events.ts';
import type { FleetState, Holding, Lease, WorkerState } from './fleet-state.ts';
import { inTimeAgain, keyOf, reconsider } from './holding.ts';
import type { WorkerId } from './ids.ts';
import { hungAfterMs, takesMs } from './lateness.ts';
import { quarantine, quarantineOf, refresh, takeLeases } from './quarantine.ts';

export function joinWorker(
  state: FleetState,
  event: Extract<FleetEvent, { type: 'worker-joined' }>,
  effects: FleetEffect[],
): void {
  const { worker: id, slots, name, numerics } = event;
  assert(!state.workers.has(id), `worker ${id} joined twice`);
  const worker: WorkerState = {
    id,
    name,
    numerics,
    order: state.nextWorker++,
    slots,
    leases: new Set(),
    draining: false,
    silent: false,
    able: true,
    suspect: state.quarantine.has(name),
    lastHeardMs: state.clock.nowMs,
    tasksDone: 0,
    failuresInRow: 0,
    lateTold: false,
  };
  state.workers.set(id, worker);
  refresh(state, worker);
  const kept = quarantineOf(state, name);
  const but = kept === null ? '' : `, still in quarantine: ${kept}`;
  const text = `worker ${id} joined, ${state.workers.size} in the fleet${but}`;
  effects.push({ type: 'note', run: null, text });
}

export function hearWorker(state: FleetState, id: WorkerId, effects: FleetEffect[]): void {
  const worker = state.workers.get(id);
  if (worker === undefined) return;
  worker.lastHeardMs = state.clock.nowMs;
  if (!worker.silent) return;
  worker.silent = false;
  refresh(state, worker);
  // Whoever is late all the same is found so at the next look at the clock.
  for (const leaseId of worker.leases) inTimeAgain(state, leaseId);
  effects.push({ type: 'note', run: null, text: `worker ${id} is heard again` });
}

export function drainWorker(
  state: FleetState,
  { worker: id, reason, dismiss }: Extract<FleetEvent, { type: 'worker-draining' }>,
  effects: FleetEffect[],
): void {
  const worker = state.workers.get(id);
  if (worker === undefined) return;
  if (dismiss === true) state.unwanted.add(id);
  if (worker.draining) return;
  worker.draining = true;
  refresh(state, worker);
  effects.push({ type: 'note', run: null, text: `worker ${id} takes no more tasks: ${reason}` });
}

/** Sends those away that a client wants gone and that have finished what they held. */
export function dismissUnwanted(state: FleetState, effects: FleetEffect[]): void {
  for (const id of state.unwanted) {
    const worker = state.workers.get(id);
    if (worker !== undefined && worker.leases.size === 0)
      giveUp(state, worker, 'drained by a client', false, effects);
  }
}

/** Takes a worker out; its micro-batches go back to the pool of the same round: no rollback, nobody restarts. */
export function loseWorker(state: FleetState, id: WorkerId, reason: string, effects: FleetEffect[]): void {
  const worker = state.workers.get(id);
  if (worker === undefined) return;
  const returned = takeLeases(state, worker);
  state.workers.delete(id);
  state.roster.remove(worker);
  state.unwanted.delete(id);
  const returns =
    returned === 0 ? '' : `, ${returned} micro-batch${returned === 1 ? '' : 'es'} returned to the pool`;
  effects.push({
    type: 'note',
    run: null,
    text: `worker ${id} left (${reason})${returns}; ${state.workers.size} remain`,
  });
}

function giveUp(
  state: FleetState,
  worker: WorkerState,
  reason: string,
  mayReturn: boolean,
  effects: FleetEffect[],
): void {
  loseWorker(state, worker.id, reason, effects);
  effects.push({ type: 'dismiss-worker', worker: worker.id, reason, mayReturn });
}

/**
 * Looks at the clock: who is silent gets nothing new and what it holds goes to others as well; who is silent for too long
 * is given up, whatever its connection says. The same for leases that take longer than those of others, heartbeats or not.
 */
export function watchWorkers(state: FleetState, effects: FleetEffect[]): void {
  const { suspectMs, heartbeatTimeoutMs } = state.limits;
  for (const worker of [...state.workers.values()]) {
    const silentMs = state.clock.nowMs - worker.lastHeardMs;
    if (silentMs > heartbeatTimeoutMs) {
      giveUp(state, worker, `silent for ${Math.round(silentMs)} ms`, true, effects);
    } else if (silentMs > suspectMs && !worker.silent) {
      worker.silent = true;
      refresh(state, worker);
      const text = `worker ${worker.id} is silent for ${Math.round(silentMs)} ms; what it holds is given to others as well`;
      effects.push({ type: 'note', run: null, text });
    }
  }
  for (const lease of [...state.leases.values()]) watchLease(state, lease, effects);
}

/** Nobody else has it, and its turn comes only after a lease that is late. */
function waitsBehindLate(state: FleetState, worker: WorkerState, lease: Lease, holding?: Holding): boolean {
  const [oldest] = worker.leases;
  const waits = lease.startedMs === null && holding?.leases.size === 1;
  return waits && oldest !== undefined && state.leases.get(oldest)?.late === true;
}

function watchLease(state: FleetState, lease: Lease, effects: FleetEffect[]): void {
  const worker = state.workers.get(lease.worker);
  const run = state.runs.get(lease.run);
  // A worker that was given up a moment ago took its leases along.
  if (worker === undefined || run === undefined || !state.leases.has(lease.id)) return;
  const tookMs = takesMs(lease, state.clock.nowMs);
  const lateMs = run.durations.lateAfterMs(lease.purpose, lease.block.level, state.limits);
  const hungMs = hungAfterMs(state.limits, lateMs);
  if (tookMs > hungMs && !worker.silent) {
    const what = `${tasksOf(lease.block).length} of its micro-batches take ${Math.round(tookMs)} ms, ${Math.round(hungMs)} are too many`;
    if (state.roster.present > 1) quarantine(state, worker, `hung: ${what}`, effects);
    return giveUp(state, worker, `hung: ${what}`, true, effects);
  }
  if (lease.late || lease.superseded !== null) return;
  const { round } = run;
  const holding = round?.number === lease.round ? round.holdings.get(keyOf(lease.block)) : undefined;
  const isLate = lateMs !== null && tookMs > lateMs;
  if (!worker.silent && !isLate && !waitsBehindLate(state, worker, lease, holding)) return;
  lease.late = true;
  if (!worker.silent && !worker.lateTold) {
    worker.lateTold = true;
    const took = `${Math.round(tookMs)} ms, ${Math.round(lateMs ?? 0)} at most expected`;
    effects.push({ type: 'note', run: run.id, text: `worker ${worker.id} is late: ${took}` });
  }
  if (round != null && holding !== undefined) reconsider(state, round, holding);
}
