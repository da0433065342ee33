import { takeBlock, tasksOf, tasksPerLease, type Block } from './block.ts';
import type { FleetEffect } from './fleet-events.ts';
import type { FleetState, Holding, Lease, Round, RunState, WorkerState } from './fleet-state.ts';
import { giveLease, isDisputed, keyOf, reconsider } from './holding.ts';
import { takesMs } from './lateness.ts';

type RunAtWork = RunState & { round: Round };

/**
 * Gives work to free workers: the least loaded worker first (ties: longest in the fleet), so that a round spreads over the
 * whole fleet before anybody takes a second task ahead. Blocks that are late or want a second opinion go first, since a step
 * waits for them; then waiting shards, in aligned blocks that leave every worker its part. Who computes what never changes
 * bits.
 */
export function assignTasks(state: FleetState, effects: FleetEffect[]): void {
  for (const run of runsWithWork(state)) {
    assignAgain(state, run, effects);
    while (run.round.waiting.length > 0) {
      const worker = state.roster.leastLoaded((candidate) => isOfClass(run, candidate));
      if (worker === undefined) break;
      const block = takeBlock(run.round.waiting, tasksMost(state, run, worker));
      const holding = openHolding(state, run, block, worker);
      run.round.holdings.set(keyOf(block), holding);
      assign(state, run, holding, worker, holding.wanted === 2 ? 'two must compute the same' : '', effects);
    }
    // Second opinions on what was given out just now.
    assignAgain(state, run, effects);
  }
}

/** Inference is short and somebody waits for it: it goes before training. */
function runsWithWork(state: FleetState): RunAtWork[] {
  const atWork: RunAtWork[] = [];
  for (const run of state.runs.values()) {
    if (run.phase !== 'running' || run.round === null) continue;
    if (run.round.waiting.length > 0 || run.round.seekers.size > 0) atWork.push(run as RunAtWork);
  }
  return atWork.sort((a, b) => Number(a.plan.kind === 'training') - Number(b.plan.kind === 'training'));
}

/** Tasks of the worker's next block: no more than its part of what waits, and than the coordinator's pace asks for. */
function tasksMost(state: FleetState, run: RunAtWork, worker: WorkerState): number {
  const { round, durations, intakeMs } = run;
  if (round.purpose !== 'step') return 1;
  const share = round.waiting.length / sharersWith(state, worker);
  if (share < 2) return 1;
  return Math.min(share, tasksPerLease(durations.microBatchMs, intakeMs, state.roster.present));
}

/** Workers among which the waiting tasks are shared out: the idle ones, else all, since work taken ahead binds. */
function sharersWith({ roster }: FleetState, worker: WorkerState): number {
  return worker.leases.size > 0 ? roster.present : roster.idle;
}

function isOfClass({ numerics }: RunState, worker: WorkerState): boolean {
  return numerics === null || worker.numerics === numerics;
}

function openHolding(state: FleetState, run: RunAtWork, block: Block, worker: WorkerState): Holding {
  const { redundancy } = run.checks;
  const audited = worker.suspect || isAudited(run, block);
  // One worker alone cannot be compared with anybody.
  const wanted = redundancy === 2 || (audited && state.roster.present > 1) ? 2 : 1;
  return { block, leases: new Set(), wanted, strict: redundancy === 2, votes: [] };
}

/** Every so many steps one block is computed twice, another one each time. */
function isAudited({ checks, round, step }: RunAtWork, block: Block): boolean {
  const every = checks.auditEverySteps;
  if (every === 0 || round.purpose !== 'step' || (step + 1) % every !== 0) return false;
  const audit = (step + 1) / every;
  return tasksOf(block).includes((audit * 7) % round.taskCount);
}

/** Gives late and doubted blocks to one more worker each, as long as there are some that have no part in them yet. */
function assignAgain(state: FleetState, run: RunAtWork, effects: FleetEffect[]): void {
  for (const holding of [...run.round.seekers]) {
    let { worker, nobody } = oneMore(state, run, holding);
    if (nobody && !holding.strict && holding.leases.size === 0) {
      // Whoever had the second opinion is gone with it: the block is computed once more, and counts.
      holding.wanted = 1;
      holding.votes = [];
      ({ worker, nobody } = oneMore(state, run, holding));
    }
    if (worker !== undefined) assign(state, run, holding, worker, whyAgain(state, run, holding), effects);
  }
}

/**
 * A free worker for a block that others have or had already; `nobody` when there will be none, however long one waits, and
 * nothing else would bring the block to its end.
 */
function oneMore(
  state: FleetState,
  run: RunAtWork,
  holding: Holding,
): { worker: WorkerState | undefined; nobody: boolean } {
  const involved = new Set([...holding.leases].map((id) => state.leases.get(id)?.worker));
  const voices = new Map<string, number>();
  for (const { worker } of holding.votes) voices.set(worker, (voices.get(worker) ?? 0) + 1);
  const may = (candidate: WorkerState): boolean =>
    isOfClass(run, candidate) && !involved.has(candidate.id) && isComparable(state, holding, candidate);
  const fresh = state.roster.leastLoaded((candidate) => may(candidate) && !voices.has(candidate.id));
  if (fresh !== undefined) return { worker: fresh, nobody: false };
  // A saturated coordinator has many late blocks and no free worker: no look at everybody for each of them.
  const matters = isDisputed(holding) || (!holding.strict && holding.leases.size === 0);
  if (!matters) return { worker: undefined, nobody: false };
  const others = [...state.workers.values()].filter((candidate) => candidate.able && may(candidate));
  if (others.some(({ id }) => !voices.has(id))) return { worker: undefined, nobody: false };
  // Nobody else is there to ask: each of those who disagree computes it again, and who contradicts himself is found out.
  if (!isDisputed(holding)) return { worker: undefined, nobody: true };
  const least = Math.min(...others.map(({ id }) => voices.get(id) ?? 0));
  const again = state.roster.leastLoaded((candidate) => may(candidate) && voices.get(candidate.id) === least);
  return { worker: again, nobody: false };
}

/** Results of different numerics classes differ without anybody being at fault. */
function isComparable(state: FleetState, { votes, leases }: Holding, candidate: WorkerState): boolean {
  const ids = [
    ...votes.map(({ worker }) => worker),
    ...[...leases].map((id) => state.leases.get(id)?.worker),
  ];
  return ids.every((id) => {
    const other = id === undefined ? undefined : state.workers.get(id);
    return other === undefined || other.numerics === candidate.numerics;
  });
}

function whyAgain(state: FleetState, run: RunAtWork, holding: Holding): string {
  if (isDisputed(holding)) {
    return `${[...new Set(holding.votes.map(({ worker }) => worker))].join(' and ')} disagree`;
  }
  const late = [...holding.leases].map((id) => state.leases.get(id)).find((lease) => lease?.late);
  if (late === undefined) return 'second opinion';
  if (state.workers.get(late.worker)?.silent === true) return `${late.worker} is silent`;
  if (late.startedMs === null) return `${late.worker} is late with what it does before`;
  const tookMs = Math.round(takesMs(late, state.clock.nowMs));
  const limitMs = run.durations.lateAfterMs(late.purpose, late.block.level, state.limits);
  const expected = limitMs === null ? '' : `, ${Math.round(limitMs)} at most expected`;
  return `${late.worker} is late: ${tookMs} ms${expected}`;
}

function assign(
  state: FleetState,
  run: RunAtWork,
  holding: Holding,
  worker: WorkerState,
  why: string,
  effects: FleetEffect[],
): void {
  const { round, epoch, stepInEpoch } = run;
  const { block } = holding;
  const lease: Lease = {
    id: state.nextLease++,
    worker: worker.id,
    run: run.id,
    round: round.number,
    purpose: round.purpose,
    block,
    startedMs: null,
    arrivingMs: null,
    late: false,
    superseded: null,
  };
  giveLease(state, worker, holding, lease);
  if (!run.checks.mixedNumerics) run.numerics ??= worker.numerics;
  reconsider(state, round, holding);
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
    why,
  });
}
