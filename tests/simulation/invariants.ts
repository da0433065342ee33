import { assert } from '@ptychofleet/base';
import {
  isFinal,
  microBatchSize,
  stepsBefore,
  stepsPerEpoch,
  tasksOf,
  type Block,
  type FleetEffect,
  type FleetState,
  type RunChecks,
  type RunId,
  type RunPosition,
  type TrainingPlan,
  type WorkerId,
} from '@ptychofleet/run';
import type { CoordinatorOptions } from './coordinator.ts';
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
const copiesMost = 3;

interface Given {
  readonly worker: WorkerId;
  readonly block: Block;
  readonly round: number;
}

/**
 * A second set of books, kept from events and effects alone and by no code of the machine: who is here, who holds what, what has
 * been accepted. Each entry that contradicts what must always hold is an assertion. One life of the coordinator has one of them.
 */
export class Invariants {
  readonly #plan: TrainingPlan;
  readonly #checks: RunChecks;
  readonly #tasksOfLeaseMost: number;
  /** Rounds before those of this life. */
  readonly firstRound: number;
  readonly #workers = new Map<WorkerId, KnownWorker>();
  readonly #leases = new Map<number, Given>();
  /** Leases of each task of the round. */
  readonly #holders = new Map<number, Set<number>>();
  /** What each worker says about each block of the round. */
  readonly #opinions = new Map<string, Map<WorkerId, string>>();
  #accepted = new Set<number>();
  #round = 0;
  #roundClosing = false;
  #paused = false;
  #events = 0;

  constructor({ plan, checks, intakeMs }: CoordinatorOptions, from: RunPosition) {
    this.#plan = plan;
    this.#checks = checks;
    // A coordinator that is never behind asks for single shards, so that a lost worker loses one.
    this.#tasksOfLeaseMost = intakeMs === 0 ? 1 : 8;
    const validations = plan.validationGroupCount > 0 ? from.epoch : 0;
    this.firstRound = stepsBefore(plan, from) + validations;
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

  paused(paused: boolean): void {
    this.#paused = paused;
  }

  failed(worker: WorkerId, lease: number): void {
    if (this.#leases.get(lease)?.worker === worker) this.#release(lease);
  }

  assigned({ worker, lease, block, round, why }: Assignment): void {
    const known = this.#workers.get(worker);
    assert(known !== undefined, `${worker} is given work and is not here`);
    assert(!known.draining, `${worker} is given work and is leaving`);
    assert(!this.#paused, `${worker} is given work of a run that is paused`);
    assert(known.leases.size < known.slots, `${worker} is given more than its ${known.slots} slots`);
    assert(round === this.#round && !this.#roundClosing, `round ${round} is not at work, ${this.#round} is`);
    const tasks = tasksOf(block);
    assert(tasks.length <= this.#tasksOfLeaseMost, `a block of ${tasks.length} tasks`);
    for (const task of tasks) {
      assert(task < this.#tasksOfRound(), `task ${task} is beyond the round`);
      assert(!this.#accepted.has(task), `task ${task} of round ${round} is given out after its result`);
    }
    const others = new Set(tasks.flatMap((task) => [...(this.#holders.get(task) ?? [])]));
    for (const id of others) {
      const other = this.#leases.get(id);
      assert(other !== undefined, `lease ${id} has ended and holds task ${tasks[0]}`);
      assert(sameBlock(other.block, block), `task ${tasks[0]} is given out in two blocks`);
      assert(other.worker !== worker, `${worker} is given the same block twice`);
    }
    assert(others.size < copiesMost, `${others.size} workers have task ${tasks[0]} already`);
    assert(others.size === 0 || why !== '', `task ${tasks[0]} is given to ${worker} and is in work`);
    for (const task of tasks) this.#holders.set(task, new Set([...others, lease]));
    known.leases.add(lease);
    this.#leases.set(lease, { worker, block, round });
  }

  /** An answer is there, before the machine has seen it. */
  answered(worker: WorkerId, leaseId: number, { digest }: AnswerMessage): void {
    const lease = this.#leases.get(leaseId);
    if (lease?.worker !== worker || lease.round !== this.#round) return;
    const key = keyOf(lease.block);
    const opinions = this.#opinions.get(key) ?? new Map<WorkerId, string>();
    this.#opinions.set(key, opinions.set(worker, digest));
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
    assert(lease.round === this.#round, `an answer of round ${lease.round} counted in ${this.#round}`);
    assert(
      answer.weightsName === weightsName,
      `a gradient of ${answer.weightsName} counted for ${weightsName}`,
    );
    if (this.#checks.redundancy === 2) {
      const agreeing = [...(this.#opinions.get(keyOf(block)) ?? [])].filter(
        ([, digest]) => digest === answer.digest,
      );
      assert(agreeing.length >= 2, `the result of ${worker} counted, and nobody else has computed the same`);
    }
    assert(!answer.isLie, `a wrong gradient of ${worker} counted`);
    for (const task of tasksOf(block)) {
      assert(!this.#accepted.has(task), `two results were accepted for task ${task}`);
      this.#accepted.add(task);
    }
  }

  /** The machine has seen the answer, whatever it made of it. */
  answerOver(worker: WorkerId, lease: number): void {
    this.failed(worker, lease);
  }

  voided(): void {
    this.#accepted = new Set();
    this.#roundClosing = false;
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
    this.#opinions.clear();
    this.#holders.clear();
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
    this.#compareLeases(state);
    const { round } = runState;
    if (round === null) return;
    const places = new Set<number>(round.done);
    let counted = places.size;
    for (const holding of round.holdings.values()) {
      const { block, leases, votes } = holding;
      const cared = leases.size > 0 || votes.length > 0 || round.seekers.has(holding);
      assert(cared, `task ${block.index * 2 ** block.level} is in nobody's hands`);
      for (const id of leases) assert(state.leases.has(id), `lease ${id} has ended and is still counted on`);
      for (const task of tasksOf(block)) places.add(task);
      counted += 2 ** block.level;
    }
    const { waiting, taskCount } = round;
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

  /** Whoever is put into quarantine loses what he holds, before anybody is given anything of it. */
  quarantined(state: FleetState): void {
    for (const [id, { worker }] of [...this.#leases]) {
      const name = state.workers.get(worker)?.name;
      const kept = name === undefined ? undefined : state.quarantine.get(name);
      if (!state.leases.has(id) && kept !== undefined && !kept.over) this.#release(id);
    }
  }

  #compareLeases(state: FleetState): void {
    this.quarantined(state);
    for (const [id, { worker }] of this.#leases)
      assert(state.leases.has(id), `lease ${id} of ${worker} ended without a reason`);
    assert(state.leases.size === this.#leases.size, 'leases in force are not those that were given out');
    for (const lease of state.leases.values()) {
      const holder = state.workers.get(lease.worker);
      assert(holder !== undefined, `lease ${lease.id} has no live worker`);
      assert(holder.leases.has(lease.id), `${holder.id} does not know its lease ${lease.id}`);
    }
  }

  /** From the plan's counts alone: rounds of an epoch are its steps and, where there is validation data, one more. */
  #tasksOfRound(): number {
    const plan = this.#plan;
    const steps = stepsPerEpoch(plan);
    const place = (this.firstRound + this.#round) % (steps + (plan.validationGroupCount > 0 ? 1 : 0));
    if (place === steps) return Math.ceil(plan.validationGroupCount / microBatchSize(plan));
    return Math.min(plan.virtualShards, plan.groupCount - place * plan.batchSize);
  }

  #release(id: number): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    this.#workers.get(lease.worker)?.leases.delete(id);
    this.#leases.delete(id);
    if (lease.round === this.#round)
      for (const task of tasksOf(lease.block)) this.#holders.get(task)?.delete(id);
  }
}

const keyOf = ({ level, index }: Block): string => `${level} ${index}`;

function sameBlock(a: Block, b: Block): boolean {
  return a.level === b.level && a.index === b.index;
}
