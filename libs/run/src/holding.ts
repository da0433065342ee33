import { assert } from '@ptychofleet/base';
import { tasksOf, type Block } from './block.ts';
import type { FleetState, Holding, Lease, Round, WorkerState } from './fleet-state.ts';

/** Workers that may have the same block at a time when it is late. */
const copiesMost = 3;

/** A block's place in the books of a round. */
export const keyOf = ({ level, index }: Block): number => level * 2 ** 32 + index;

export function giveLease(state: FleetState, worker: WorkerState, holding: Holding, lease: Lease): void {
  state.leases.set(lease.id, lease);
  holding.leases.add(lease.id);
  worker.leases.add(lease.id);
  beginNext(state, worker);
  state.roster.update(worker);
}

/** Takes a lease out of force. Its worker goes on with the next one that it holds. */
export function releaseLease(state: FleetState, lease: Lease): void {
  state.leases.delete(lease.id);
  const round = state.runs.get(lease.run)?.round;
  if (round?.number === lease.round) {
    const holding = round.holdings.get(keyOf(lease.block));
    holding?.leases.delete(lease.id);
  }
  const worker = state.workers.get(lease.worker);
  if (worker === undefined) return;
  worker.leases.delete(lease.id);
  beginNext(state, worker);
  state.roster.update(worker);
}

/** A worker is at the oldest of its leases whose result is not on its way. */
export function beginNext(state: FleetState, worker: WorkerState): void {
  for (const id of worker.leases) {
    const next = state.leases.get(id);
    assert(next !== undefined, 'a worker knows leases in force only');
    if (next.arrivingMs !== null) continue;
    if (next.startedMs !== null) return;
    next.startedMs = state.clock.nowMs;
    // What it waited behind is over, and what waits behind it is not late for that.
    if (!worker.silent) inTimeAgain(state, id);
    return;
  }
}

/** A lease that was late for a reason that is gone: nobody else need be given its block any more. */
export function inTimeAgain(state: FleetState, leaseId: number): void {
  const lease = state.leases.get(leaseId);
  const round = lease && state.runs.get(lease.run)?.round;
  if (lease === undefined || round == null || !lease.late) return;
  lease.late = false;
  const holding = round.number === lease.round ? round.holdings.get(keyOf(lease.block)) : undefined;
  if (holding !== undefined) reconsider(state, round, holding);
}

/** A block that nobody works on and nobody has an opinion of goes back to the pool; says how many tasks that were. */
export function returnIfIdle(round: Round, lease: Lease): number {
  if (lease.superseded !== null) return 0;
  const holding = round.holdings.get(keyOf(lease.block));
  if (holding === undefined || holding.leases.size > 0 || holding.votes.length > 0) return 0;
  return returnToPool(round, holding);
}

export function returnToPool(round: Round, holding: Holding): number {
  round.holdings.delete(keyOf(holding.block));
  round.seekers.delete(holding);
  return putBack(round, holding.block);
}

export function putBack(round: Round, block: Block): number {
  const tasks = tasksOf(block);
  assert(
    tasks.every((task) => !round.done.has(task)),
    'a returned task is not done',
  );
  round.waiting.push(...tasks);
  round.waiting.sort((a, b) => a - b);
  return tasks.length;
}

/** Whether workers disagree about a block. */
export function isDisputed({ votes }: Holding): boolean {
  return votes.some(({ digest }) => digest !== votes[0]?.digest);
}

/** Enters a holding among those that want one more worker, or takes it out. */
export function reconsider(state: FleetState, round: Round, holding: Holding): void {
  if (wantsWorker(state, holding)) round.seekers.add(holding);
  else round.seekers.delete(holding);
}

function wantsWorker(state: FleetState, holding: Holding): boolean {
  const { leases, votes, wanted } = holding;
  const late = [...leases].every((id) => state.leases.get(id)?.late ?? true);
  if (late && leases.size > 0) return leases.size < copiesMost;
  // A dispute is settled by one more voice at a time.
  if (isDisputed(holding)) return leases.size === 0;
  // Voices, not votes: in a dispute one worker may have computed the block many times.
  return new Set(votes.map(({ worker }) => worker)).size + leases.size < wanted;
}
