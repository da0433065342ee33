import { assert } from '@ptychofleet/base';
import { tasksOf } from './block.ts';
import type { FleetEffect, FleetEvent } from './fleet-events.ts';
import type { FleetState, Lease, Round, WorkerState } from './fleet-state.ts';
import type { WorkerId } from './ids.ts';

export function joinWorker(
  state: FleetState,
  { worker: id, slots }: Extract<FleetEvent, { type: 'worker-joined' }>,
  effects: FleetEffect[],
): void {
  assert(!state.workers.has(id), `worker ${id} joined twice`);
  const worker: WorkerState = {
    id,
    order: state.nextWorker++,
    slots,
    leases: new Set(),
    draining: false,
    able: true,
    lastHeardMs: state.clock.nowMs,
    tasksDone: 0,
  };
  state.workers.set(id, worker);
  state.roster.update(worker);
  const text = `worker ${id} joined, ${state.workers.size} in the fleet`;
  effects.push({ type: 'note', run: null, text });
}

export function releaseLease(state: FleetState, lease: Lease): void {
  state.leases.delete(lease.id);
  const worker = state.workers.get(lease.worker);
  if (worker === undefined) return;
  worker.leases.delete(lease.id);
  state.roster.update(worker);
}

/** Gives the tasks of a lease back to its round. */
export function returnTasks(round: Round, lease: Lease): number {
  const tasks = tasksOf(lease.block);
  assert(
    tasks.every((task) => !round.done.has(task)),
    'a leased task is not done',
  );
  round.waiting.push(...tasks);
  round.waiting.sort((a, b) => a - b);
  return tasks.length;
}

/** Takes a worker out; its micro-batches go back to the pool of the same round: no rollback, nobody restarts. */
export function loseWorker(state: FleetState, id: WorkerId, reason: string, effects: FleetEffect[]): void {
  const worker = state.workers.get(id);
  if (worker === undefined) return;
  let returned = 0;
  for (const leaseId of [...worker.leases]) {
    const lease = state.leases.get(leaseId);
    if (lease === undefined) continue;
    releaseLease(state, lease);
    const round = state.runs.get(lease.run)?.round;
    assert(round?.number === lease.round, 'a lease has a live round');
    returned += returnTasks(round, lease);
  }
  state.workers.delete(id);
  state.roster.remove(worker);
  const returns =
    returned === 0 ? '' : `, ${returned} micro-batch${returned === 1 ? '' : 'es'} returned to the pool`;
  effects.push({
    type: 'note',
    run: null,
    text: `worker ${id} left (${reason})${returns}; ${state.workers.size} remain`,
  });
}

/** A worker that was not heard of for too long is lost, whatever its connection says. */
export function expireWorkers(state: FleetState, effects: FleetEffect[]): void {
  for (const worker of [...state.workers.values()]) {
    const silentMs = state.clock.nowMs - worker.lastHeardMs;
    if (silentMs <= state.limits.heartbeatTimeoutMs) continue;
    const reason = `silent for ${Math.round(silentMs)} ms`;
    loseWorker(state, worker.id, reason, effects);
    effects.push({ type: 'dismiss-worker', worker: worker.id, reason, mayReturn: true });
  }
}
