import type { FleetEffect } from './fleet-events.ts';
import type { FleetState, Lease } from './fleet-state.ts';
import type { WorkerId } from './ids.ts';

export function releaseLease(state: FleetState, lease: Lease): void {
  state.leases.delete(lease.id);
  state.workers.get(lease.worker)?.leases.delete(lease.id);
}

/** Takes a worker out; its micro-batches go back to the pool of the same round: no rollback, nobody restarts. */
export function loseWorker(state: FleetState, id: WorkerId, reason: string, effects: FleetEffect[]): void {
  const worker = state.workers.get(id);
  if (worker === undefined) return;
  const held = [...worker.leases];
  for (const leaseId of held) {
    const lease = state.leases.get(leaseId);
    if (lease === undefined) continue;
    releaseLease(state, lease);
    const round = state.runs.get(lease.run)?.round;
    if (round?.number !== lease.round || round.done.has(lease.task)) continue;
    round.waiting.push(lease.task);
    round.waiting.sort((a, b) => a - b);
  }
  state.workers.delete(id);
  const returned =
    held.length === 0
      ? ''
      : `, ${held.length} micro-batch${held.length === 1 ? '' : 'es'} returned to the pool`;
  effects.push({
    type: 'note',
    run: null,
    text: `worker ${id} left (${reason})${returned}; ${state.workers.size} remain`,
  });
}

/** A worker that was not heard of for too long is lost, whatever its connection says. */
export function expireWorkers(state: FleetState, atMs: number, effects: FleetEffect[]): void {
  for (const worker of [...state.workers.values()]) {
    const silentMs = atMs - worker.lastHeardMs;
    if (silentMs <= state.heartbeatTimeoutMs) continue;
    const reason = `silent for ${Math.round(silentMs)} ms`;
    loseWorker(state, worker.id, reason, effects);
    effects.push({ type: 'dismiss-worker', worker: worker.id, reason, mayReturn: true });
  }
}
