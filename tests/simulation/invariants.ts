import { assert } from '@ptychofleet/base';
import {
  isFinal,
  microBatchSize,
  stepsPerEpoch,
  tasksOf,
  type Block,
  type FleetEffect,
  type FleetState,
  type RunId,
  type TrainingPlan,
  type WorkerId,
} from '@ptychofleet/run';
import type { AnswerMessage } from './worker.ts';

type Assignment = Extract<FleetEffect, { type: 'assign-task' }>;

interface KnownWorker {
  readonly slots: number;
  heardMs: number;
  draining: boolean;
  readonly leases: Set<number>;
}

/** Whole states are looked through after every event while they are small, and after every 256th otherwise. */
const tasksLookedThroughAlways = 256;

/**
 * A second set of books, kept from events and effects alone and by no code of the machine: who is here, who holds what, what has
 * been accepted. Each entry that contradicts what must always hold is an assertion.
 */
export class Invariants {
  readonly #plan: TrainingPlan;
  readonly #workers = new Map<WorkerId, KnownWorker>();
  readonly #leases = new Map<number, { worker: WorkerId; block: Block; round: number }>();
  /** Who works on which task of the round. */
  readonly #holders = new Map<number, WorkerId>();
  #accepted = new Set<number>();
  #round = 0;
  #roundClosing = false;
  #events = 0;

  constructor(plan: TrainingPlan) {
    this.#plan = plan;
  }

  joined(worker: WorkerId, slots: number, atMs: number): void {
    this.#workers.set(worker, { slots, heardMs: atMs, draining: false, leases: new Set() });
  }

  heard(worker: WorkerId, atMs: number): void {
    const known = this.#workers.get(worker);
    if (known !== undefined) known.heardMs = atMs;
  }

  draining(worker: WorkerId): void {
    const known = this.#workers.get(worker);
    if (known !== undefined) known.draining = true;
  }

  left(worker: WorkerId): void {
    for (const lease of [...(this.#workers.get(worker)?.leases ?? [])]) this.#release(lease);
    this.#workers.delete(worker);
  }

  failed(worker: WorkerId, lease: number): void {
    if (this.#leases.get(lease)?.worker === worker) this.#release(lease);
  }

  assigned({ worker, lease, block, round }: Assignment): void {
    const known = this.#workers.get(worker);
    assert(known !== undefined, `${worker} is given work and is not here`);
    assert(!known.draining, `${worker} is given work and is leaving`);
    assert(known.leases.size < known.slots, `${worker} is given more than its ${known.slots} slots`);
    assert(round === this.#round && !this.#roundClosing, `round ${round} is not at work, ${this.#round} is`);
    const tasks = tasksOf(block);
    assert(tasks.length <= 8, `a block of ${tasks.length} tasks`);
    for (const task of tasks) {
      assert(task < this.#tasksOfRound(), `task ${task} is beyond the round`);
      assert(!this.#accepted.has(task), `task ${task} of round ${round} is given out after its result`);
      const other = this.#holders.get(task);
      assert(other === undefined, `task ${task} is given to ${worker} and ${other}`);
      this.#holders.set(task, worker);
    }
    known.leases.add(lease);
    this.#leases.set(lease, { worker, block, round });
  }

  accepted(
    worker: WorkerId,
    leaseId: number,
    block: Block,
    answer: AnswerMessage,
    weightsName: string,
  ): void {
    const lease = this.#leases.get(leaseId);
    assert(lease !== undefined, `the answer to lease ${leaseId}, which is not in force, was accepted`);
    assert(lease.worker === worker, `lease ${leaseId} is of ${lease.worker}, an answer of ${worker} counted`);
    assert(sameBlock(lease.block, block), `lease ${leaseId} counted for another block than was given out`);
    assert(sameBlock(answer.block, block), `the answer to lease ${leaseId} holds another block`);
    assert(answer.round === this.#round, `an answer of round ${answer.round} counted in ${this.#round}`);
    assert(
      answer.weightsName === weightsName,
      `a gradient of ${answer.weightsName} counted for ${weightsName}`,
    );
    for (const task of tasksOf(block)) {
      assert(!this.#accepted.has(task), `two results were accepted for task ${task}`);
      this.#accepted.add(task);
    }
    this.#release(leaseId);
  }

  closing(round: number): void {
    assert(round === this.#round && !this.#roundClosing, `round ${round} closes twice or out of turn`);
    const { size } = this.#accepted;
    assert(
      size === this.#tasksOfRound(),
      `round ${round} closes with ${size} of ${this.#tasksOfRound()} tasks`,
    );
    this.#roundClosing = true;
  }

  closed(): void {
    this.#round += 1;
    this.#roundClosing = false;
    this.#accepted = new Set();
  }

  /** After the coordinator's look at the clock nobody is left who was silent for too long; `slackMs` is lost where the clock leaps back. */
  ticked(state: FleetState, atMs: number, slackMs: number): void {
    for (const id of state.workers.keys()) {
      const silentMs = atMs - (this.#workers.get(id)?.heardMs ?? atMs);
      assert(
        silentMs <= state.limits.heartbeatTimeoutMs + slackMs,
        `${id} was silent for ${silentMs} ms and is still counted in`,
      );
    }
  }

  /** The machine's own books agree with these. */
  state(state: FleetState, run: RunId): void {
    if (this.#tasksOfRound() > tasksLookedThroughAlways && this.#events++ % 256 !== 0) return;
    const runState = state.runs.get(run);
    if (runState === undefined || isFinal(runState.phase)) return;
    assert(state.workers.size === this.#workers.size, 'the machine counts other workers than there are');
    assert(state.leases.size === this.#leases.size, 'leases in force are not those that were given out');
    const places = new Set<number>(runState.round?.done);
    let counted = places.size;
    for (const lease of state.leases.values()) {
      const holder = state.workers.get(lease.worker);
      assert(holder !== undefined, `lease ${lease.id} has no live worker`);
      assert(holder.leases.has(lease.id), `${holder.id} does not know its lease ${lease.id}`);
      for (const task of tasksOf(lease.block)) places.add(task);
      counted += 2 ** lease.block.level;
    }
    if (runState.round === null) return;
    const { waiting, taskCount } = runState.round;
    for (let i = 0; i < waiting.length; i++) {
      assert(i === 0 || waiting[i - 1] < waiting[i], 'waiting tasks are out of order');
      places.add(waiting[i]);
    }
    counted += waiting.length;
    assert(
      places.size === taskCount && counted === taskCount,
      'a task is done, given out or waiting: one of these',
    );
  }

  /** From the plan's counts alone: rounds of an epoch are its steps and, where there is validation data, one more. */
  #tasksOfRound(): number {
    const plan = this.#plan;
    const steps = stepsPerEpoch(plan);
    const place = this.#round % (steps + (plan.validationGroupCount > 0 ? 1 : 0));
    if (place === steps) return Math.ceil(plan.validationGroupCount / microBatchSize(plan));
    return Math.min(plan.virtualShards, plan.groupCount - place * plan.batchSize);
  }

  get roundsClosed(): number {
    return this.#round;
  }

  #release(id: number): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    for (const task of tasksOf(lease.block)) this.#holders.delete(task);
    this.#workers.get(lease.worker)?.leases.delete(id);
    this.#leases.delete(id);
  }
}

function sameBlock(a: Block, b: Block): boolean {
  return a.level === b.level && a.index === b.index;
}
