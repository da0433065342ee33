import { assert } from '@ptychofleet/base';
import {
  advance,
  initialFleet,
  runId,
  tasksOf,
  type Block,
  type FleetEffect,
  type FleetEvent,
  type TrainingPlan,
  type WorkerId,
} from '@ptychofleet/run';
import { Invariants } from './invariants.ts';
import { SyntheticTraining, type Place } from './training.ts';
import type { VirtualTime } from './virtual-time.ts';
import type { AnswerMessage, CoordinatorEnd, Life, SimulatedWorker } from './worker.ts';

const tickIntervalMs = 100;
const run = runId('run');

export interface CoordinatorOptions {
  readonly plan: TrainingPlan;
  readonly workersMin: number;
  readonly taskFailuresMax: number;
  /** Whether no fault of the schedule can be the cause of losing this worker. */
  readonly blameless: (worker: string) => boolean;
  /** Takes a line of the transcript; it is not made where nobody reads it. */
  readonly say: (line: () => string) => void;
}

export interface Counts {
  events: number;
  assigned: number;
  accepted: number;
  refused: number;
  dismissed: number;
}

/**
 * Drives the real machine as apps/coordinator does, over virtual time: what happens becomes an event, effects become messages
 * and arithmetic. Whatever it sees goes through the {@link Invariants} as well.
 */
export class SimulatedCoordinator implements CoordinatorEnd {
  readonly heartbeatIntervalMs = 200;
  readonly counts: Counts = { events: 0, assigned: 0, accepted: 0, refused: 0, dismissed: 0 };
  readonly training: SyntheticTraining;
  readonly invariants: Invariants;
  /** How far the coordinator's own clock is ahead of the virtual one. */
  clockAheadMs = 0;
  /** When the run last came closer to its end. */
  progressMs = 0;
  readonly #state;
  readonly #time: VirtualTime;
  readonly #options: CoordinatorOptions;
  readonly #lives = new Map<WorkerId, { life: Life; worker: SimulatedWorker }>();
  #place: Place | null = null;
  #answering: { worker: WorkerId; lease: number; answer: AnswerMessage } | null = null;

  constructor(time: VirtualTime, options: CoordinatorOptions) {
    this.#time = time;
    this.#options = options;
    this.training = new SyntheticTraining(options.plan);
    this.invariants = new Invariants(options.plan);
    const heartbeatTimeoutMs = 6 * this.heartbeatIntervalMs;
    this.#state = initialFleet({ heartbeatTimeoutMs, taskFailuresMax: options.taskFailuresMax });
    this.#dispatch({
      type: 'run-submitted',
      run,
      plan: options.plan,
      workersMin: options.workersMin,
    });
    this.#tickForever();
  }

  get phase(): string {
    return this.#state.runs.get(run)?.phase ?? 'unknown';
  }

  get reason(): string {
    return this.#state.runs.get(run)?.reason ?? '';
  }

  get stepsDone(): number {
    return this.#state.runs.get(run)?.step ?? 0;
  }

  get liveWorkers(): number {
    return this.#lives.size;
  }

  join(life: Life, worker: SimulatedWorker): void {
    this.#lives.set(life.id, { life, worker });
    this.invariants.joined(life.id, life.slots, this.#time.nowMs);
    this.#dispatch({ type: 'worker-joined', worker: life.id, slots: life.slots });
  }

  heard(life: Life): void {
    this.invariants.heard(life.id, this.#time.nowMs);
    this.#dispatch({ type: 'worker-heard', worker: life.id });
  }

  drain(life: Life): void {
    this.invariants.draining(life.id);
    this.#dispatch({ type: 'worker-draining', worker: life.id, reason: 'asked to stop' });
  }

  lose(life: Life, reason: string): void {
    if (!this.#lives.delete(life.id)) return;
    this.invariants.left(life.id);
    this.#dispatch({ type: 'worker-lost', worker: life.id, reason });
  }

  /** The machine gets every answer to see, those of lives long over too: refusing them is its business. */
  answer(life: Life, lease: number, answer: AnswerMessage): void {
    this.heard(life);
    this.#answering = { worker: life.id, lease, answer };
    this.#dispatch({ type: 'task-finished', worker: life.id, lease });
    this.#answering = null;
  }

  fail(life: Life, lease: number, reason: string): void {
    this.invariants.failed(life.id, lease);
    this.#dispatch({ type: 'task-failed', worker: life.id, lease, reason });
  }

  weights(name: string): Float32Array | undefined {
    return this.training.weights(name);
  }

  leaseOfAnother(life: Life): number | undefined {
    for (const lease of this.#state.leases.values()) if (lease.worker !== life.id) return lease.id;
    return undefined;
  }

  #tickForever(): void {
    this.#time.after(tickIntervalMs, () => {
      this.#dispatch({ type: 'tick' });
      this.invariants.ticked(this.#state, this.#time.nowMs, 2 * tickIntervalMs);
      this.#tickForever();
    });
  }

  #dispatch(event: FleetEvent): void {
    this.counts.events += 1;
    const effects = advance(this.#state, event, this.#time.nowMs + this.clockAheadMs);
    for (const effect of effects) this.#perform(effect);
    this.invariants.state(this.#state, run);
  }

  #perform(effect: FleetEffect): void {
    switch (effect.type) {
      case 'assign-task':
        return this.#assign(effect);
      case 'accept-result':
        return this.#accept(effect.block);
      case 'refuse-result':
        this.counts.refused += 1;
        return this.#options.say(() => `answer refused: ${effect.reason}`);
      case 'close-round':
        return this.#close(effect);
      case 'run-changed':
        // What a queued run waits for is noted as well.
        if (this.phase === 'queued') return;
        return this.#options.say(() => `run ${this.phase}${this.reason === '' ? '' : `: ${this.reason}`}`);
      case 'dismiss-worker': {
        const found = this.#lives.get(effect.worker);
        assert(found !== undefined, `${effect.worker} is dismissed and is not here`);
        const { life, worker } = found;
        assert(!this.#options.blameless(worker.name), `${life.id} did nothing wrong: ${effect.reason}`);
        this.counts.dismissed += 1;
        this.#lives.delete(life.id);
        this.invariants.left(life.id);
        return life.down.frame(() => worker.dismissed(life));
      }
      case 'note':
        return this.#options.say(() => effect.text);
    }
  }

  #assign(effect: Extract<FleetEffect, { type: 'assign-task' }>): void {
    const { lease, round, block, purpose, epoch, stepInEpoch } = effect;
    this.invariants.assigned(effect);
    this.counts.assigned += 1;
    const place = { purpose, epoch, stepInEpoch };
    this.#place = place;
    const microBatches = this.training.microBatches(place, block);
    const { weightsName } = this.training;
    this.#options.say(
      () => `  ${effect.worker} gets ${tasksText(block)} of ${placeText(place)}, lease ${lease}`,
    );
    const found = this.#lives.get(effect.worker);
    assert(found !== undefined, `${effect.worker} has no connection`);
    const { life, worker } = found;
    life.down.call(() => worker.receive(life, { lease, round, block, weightsName, microBatches }));
  }

  #accept(block: Block): void {
    assert(this.#answering !== null && this.#place !== null, 'an accepted result has an answer and a place');
    const { worker, lease, answer } = this.#answering;
    this.invariants.accepted(worker, lease, block, answer, this.training.weightsName);
    this.counts.accepted += 1;
    this.progressMs = this.#time.nowMs;
    this.#options.say(() => `  ${worker} delivers ${tasksText(block)}, lease ${lease}`);
    this.training.accept(this.#place, block, answer);
  }

  #close({ round, ...place }: Extract<FleetEffect, { type: 'close-round' }>): void {
    this.invariants.closing(round);
    // The optimiser takes its time, and the world goes on meanwhile.
    this.#time.after(1, () => {
      this.training.closeRound(place);
      this.progressMs = this.#time.nowMs;
      this.#options.say(() => `${placeText(place)} is done: ${this.training.digest().slice(0, 19)}`);
      this.invariants.closed();
      this.#dispatch({ type: 'round-closed', run, round });
    });
  }
}

function tasksText(block: Block): string {
  const tasks = tasksOf(block);
  const last = tasks.at(-1);
  return tasks.length === 1 ? `shard ${tasks[0]}` : `shards ${tasks[0]}–${last}`;
}

function placeText({ purpose, epoch, stepInEpoch }: Place): string {
  return purpose === 'validation' ? `validation ${epoch}` : `step ${epoch}.${stepInEpoch}`;
}
