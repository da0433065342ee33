import { takeBlock } from './block.ts';
import type { FleetEffect } from './fleet-events.ts';
import type { FleetState, RunState, WorkerState } from './fleet-state.ts';

/**
 * Gives waiting tasks to free workers: the least loaded worker first (ties: longest in the fleet), so that a round
 * spreads over the whole fleet before anybody takes a second task ahead. Shards of a step go out as the largest aligned
 * blocks that still give every worker its part. Who computes what never changes bits.
 */
export function assignTasks(state: FleetState, effects: FleetEffect[]): void {
  for (;;) {
    const run = nextRunWithWork(state);
    const worker = run === undefined ? undefined : state.roster.leastLoaded();
    if (run === undefined || worker === undefined) return;
    const round = run.round;
    if (round === null) return;
    const share = round.purpose === 'step' ? round.waiting.length / sharersWith(state, worker) : 1;
    const block = takeBlock(round.waiting, share);
    const lease = { id: state.nextLease++, worker: worker.id, run: run.id, round: round.number, block };
    state.leases.set(lease.id, lease);
    worker.leases.add(lease.id);
    state.roster.update(worker);
    const { epoch, stepInEpoch } = run;
    effects.push({
      type: 'assign-task',
      worker: worker.id,
      lease: lease.id,
      run: run.id,
      round: round.number,
      purpose: round.purpose,
      epoch,
      stepInEpoch,
      block,
    });
  }
}

/** Workers among which the waiting tasks are shared out: the idle ones, else all, since work taken ahead binds. */
function sharersWith({ roster }: FleetState, worker: WorkerState): number {
  return worker.leases.size > 0 ? roster.present : roster.idle;
}

/** Inference is short and somebody waits for it: it goes before training. */
function nextRunWithWork(state: FleetState): RunState | undefined {
  let training: RunState | undefined;
  for (const run of state.runs.values()) {
    if (run.phase !== 'running' || run.round === null || run.round.waiting.length === 0) continue;
    if (run.plan.kind === 'inference') return run;
    training ??= run;
  }
  return training;
}
