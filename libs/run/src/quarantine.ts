import type { FleetEffect } from './fleet-events.ts';
import type { FleetState, WorkerState } from './fleet-state.ts';
import { releaseLease, returnIfIdle, reconsider, keyOf } from './holding.ts';

/** Whether a worker may be given work, told to those who give it. */
export function refresh(state: FleetState, worker: WorkerState): void {
  worker.able = !worker.draining && !worker.silent && quarantineOf(state, worker.name) === null;
  state.roster.update(worker);
}

/** Why a worker of this name is kept from work at present; null when it is not. */
export function quarantineOf({ quarantine }: FleetState, name: string): string | null {
  const entry = quarantine.get(name);
  return entry === undefined || entry.over ? null : entry.reason;
}

/** Keeps a worker, under its name and so in all its lives, from work for a while: twice as long each further time, up to eight times. */
export function quarantine(
  state: FleetState,
  worker: WorkerState,
  reason: string,
  effects: FleetEffect[],
): void {
  const { name } = worker;
  const times = (state.quarantine.get(name)?.times ?? 0) + 1;
  const stayMs = state.limits.quarantineMs * 2 ** Math.min(times - 1, 3);
  state.quarantine.set(name, { untilMs: state.clock.nowMs + stayMs, times, reason, over: false });
  const text = `worker ${worker.id} (${name}) is in quarantine for ${stayMs / 1000} s: ${reason}`;
  effects.push({ type: 'note', run: null, text });
  for (const other of state.workers.values()) {
    if (other.name !== name) continue;
    takeLeases(state, other);
    refresh(state, other);
  }
}

/** Takes everything from a worker that it holds; says how many tasks went back to the pool. */
export function takeLeases(state: FleetState, worker: WorkerState): number {
  let returned = 0;
  for (const id of [...worker.leases]) {
    const lease = state.leases.get(id);
    if (lease === undefined) continue;
    releaseLease(state, lease);
    const round = state.runs.get(lease.run)?.round;
    if (round?.number !== lease.round) continue;
    returned += returnIfIdle(round, lease);
    const holding = round.holdings.get(keyOf(lease.block));
    if (holding !== undefined && lease.superseded === null) reconsider(state, round, holding);
  }
  return returned;
}

/** Lets those back whose time is over, on probation: what they compute counts when another has computed the same. */
export function endQuarantines(state: FleetState, effects: FleetEffect[]): void {
  for (const [name, entry] of state.quarantine) {
    if (entry.over || entry.untilMs > state.clock.nowMs) continue;
    entry.over = true;
    for (const worker of state.workers.values()) {
      if (worker.name !== name) continue;
      worker.suspect = true;
      refresh(state, worker);
      const text = `worker ${worker.id} (${name}) is back from quarantine, on probation`;
      effects.push({ type: 'note', run: null, text });
    }
  }
}
