import type { FleetState } from './fleet-state.ts';
import type { WorkerId } from './ids.ts';
import { quarantineOf } from './quarantine.ts';

/** A worker as the machine sees it, for people. */
export interface WorkerStanding {
  readonly leases: number;
  readonly tasks: number;
  readonly state: 'idle' | 'at work' | 'draining' | 'silent' | 'in quarantine';
  /** Why it is kept from work or not believed; empty when it is like any other. */
  readonly reason: string;
}

export function standingOf(state: FleetState, id: WorkerId): WorkerStanding {
  const worker = state.workers.get(id);
  if (worker === undefined) return { leases: 0, tasks: 0, state: 'idle', reason: '' };
  const counts = { leases: worker.leases.size, tasks: worker.tasksDone };
  const kept = quarantineOf(state, worker.name);
  if (kept !== null) return { ...counts, state: 'in quarantine', reason: kept };
  if (worker.draining) return { ...counts, state: 'draining', reason: '' };
  if (worker.silent) return { ...counts, state: 'silent', reason: 'no heartbeat' };
  const doubted = worker.suspect ? 'on probation: what it computes is checked' : '';
  return { ...counts, state: counts.leases > 0 ? 'at work' : 'idle', reason: doubted };
}
