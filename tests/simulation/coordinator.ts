import { assert } from '@ptychofleet/base';
import {
  advance,
  initialFleet,
  isFinal,
  runId,
  runStart,
  tasksOf,
  type Block,
  type FleetEffect,
  type FleetEvent,
  type FleetLimits,
  type FleetState,
  type RunChecks,
  type TrainingPlan,
  type WorkerId,
} from '@ptychofleet/run';
import { SimulatedDisk } from './disk.ts';
import { Invariants } from './invariants.ts';
import { SyntheticTraining, type Place } from './training.ts';
import type { VirtualTime } from './virtual-time.ts';
import type { AnswerMessage, CoordinatorEnd, Life, SimulatedWorker } from './worker.ts';

const tickIntervalMs = 100;
const optimiserMs = 1;
const diskMs = 0.2;
const run = runId('run');

export interface CoordinatorOptions {
  readonly plan: TrainingPlan;
  readonly checks: RunChecks;
  readonly workersMin: number;
  readonly taskFailuresMax: number;
  /** How long it takes in a result of a step, by its own account: none makes all leases of one shard, much makes them large. */
  readonly intakeMs: number;
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
  again: number;
  quarantined: number;
  restarts: number;
}

/** The process is gone in the middle of what it did. */
class Killed extends Error {}

/**
 * Drives the real machine as apps/coordinator does, over virtual time: what happens becomes an event, effects become messages
 * and arithmetic. Whatever it sees goes through the {@link Invariants} as well. It may be killed between any two effects; all that
 * its next life knows is on the {@link SimulatedDisk}.
 */
export class SimulatedCoordinator implements CoordinatorEnd {
  readonly heartbeatIntervalMs = 200;
  readonly counts: Counts = {
    events: 0,
    assigned: 0,
    accepted: 0,
    refused: 0,
    dismissed: 0,
    again: 0,
    quarantined: 0,
    restarts: 0,
  };
  readonly disk = new SimulatedDisk();
  /** How far the coordinator's own clock is ahead of the virtual one. */
  clockAheadMs = 0;
  /** When the run last came closer to its end. */
  progressMs = 0;
  readonly #time: VirtualTime;
  readonly #options: CoordinatorOptions;
  readonly #limits: FleetLimits;
  #lives = new Map<WorkerId, { life: Life; worker: SimulatedWorker }>();
  #training: SyntheticTraining;
  #invariants: Invariants;
  #state: FleetState;
  #place: Place | null = null;
  #answering: { worker: WorkerId; lease: number; answer: AnswerMessage } | null = null;
  /** Counts processes: whatever a killed one had planned does not happen. */
  #process = 1;
  #down = false;
  /** Effects that are still performed before the process is killed; null while nobody is after it. */
  #effectsLeft: number | null = null;
  #downMs = 0;
  #paused = false;
  /** Rounds that anybody was told of. */
  #roundsTold = 0;

  constructor(time: VirtualTime, options: CoordinatorOptions) {
    this.#time = time;
    this.#options = options;
    this.#limits = {
      suspectMs: 500,
      heartbeatTimeoutMs: 6 * this.heartbeatIntervalMs,
      lateMsLeast: 20,
      hungMsLeast: 1500,
      hungMsUnknown: 4000,
      quarantineMs: 300,
      taskFailuresMax: options.taskFailuresMax,
    };
    this.#training = new SyntheticTraining(options.plan);
    this.#invariants = new Invariants(options, runStart);
    this.#state = initialFleet(this.#limits);
    this.#begin();
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

  get roundsClosed(): number {
    return this.disk.journal.length;
  }

  get liveWorkers(): number {
    return this.#lives.size;
  }

  get training(): SyntheticTraining {
    return this.#training;
  }

  join(life: Life, worker: SimulatedWorker): void {
    if (this.#down) return this.#time.after(1, () => life.down.frame(() => worker.dismissed(life)));
    this.#lives.set(life.id, { life, worker });
    this.#invariants.joined(life.id, life.slots, this.#time.nowMs);
    const { name } = worker;
    this.#dispatch({ type: 'worker-joined', worker: life.id, name, slots: life.slots, numerics: 'one' });
  }

  heard(life: Life): void {
    this.#invariants.heard(life.id, this.#time.nowMs);
    this.#dispatch({ type: 'worker-heard', worker: life.id });
  }

  drain(life: Life): void {
    this.#invariants.draining(life.id);
    this.#dispatch({ type: 'worker-draining', worker: life.id, reason: 'asked to stop' });
  }

  lose(life: Life, reason: string): void {
    if (this.#down || !this.#lives.delete(life.id)) return;
    this.#invariants.left(life.id);
    this.#dispatch({ type: 'worker-lost', worker: life.id, reason });
  }

  arriving(life: Life, lease: number): void {
    this.#dispatch({ type: 'result-arriving', worker: life.id, lease });
  }

  /** The machine gets every answer to see, those of lives long over too: refusing them is its business. */
  answer(life: Life, lease: number, answer: AnswerMessage): void {
    if (this.#down) return;
    this.heard(life);
    if (this.#down) return;
    this.#invariants.answered(life.id, lease, answer);
    this.#answering = { worker: life.id, lease, answer };
    const { digest, computeMs } = answer;
    this.#dispatch({ type: 'task-finished', worker: life.id, lease, digest, computeMs }, () =>
      this.#invariants.answerOver(life.id, lease),
    );
    this.#answering = null;
  }

  fail(life: Life, lease: number, reason: string): void {
    this.#invariants.failed(life.id, lease);
    this.#dispatch({ type: 'task-failed', worker: life.id, lease, reason });
  }

  weights(name: string): Float32Array | undefined {
    return this.#training.weights(name);
  }

  leaseOfAnother(life: Life): number | undefined {
    for (const lease of this.#state.leases.values()) if (lease.worker !== life.id) return lease.id;
    return undefined;
  }

  /** A client holds the run, or lets it go on. */
  pause(paused: boolean): void {
    this.#paused = paused;
    if (this.#down) return;
    this.#invariants.paused(paused);
    this.#dispatch({ type: paused ? 'run-paused' : 'run-resumed', run });
  }

  /** kill -9 after so many more effects: in the middle of what it does, if that is more. */
  killAfter(effects: number, downMs: number): void {
    if (this.#down || this.#effectsLeft !== null) return;
    this.#effectsLeft = effects;
    this.#downMs = downMs;
  }

  #begin(): void {
    const { plan, workersMin, checks, intakeMs } = this.#options;
    const at = this.#training.position;
    this.#dispatch({ type: 'run-submitted', run, plan, workersMin, checks, intakeMs, at });
    if (this.#paused) this.pause(true);
    this.#tickForever();
  }

  #die(): void {
    this.#down = true;
    this.#effectsLeft = null;
    this.#process += 1;
    this.counts.restarts += 1;
    this.#options.say(() => `coordinator is gone, ${this.#roundsTold} rounds were told of`);
    assert(
      this.#roundsTold <= this.disk.journal.length,
      `${this.#roundsTold} rounds were told of, ${this.disk.journal.length} are journaled`,
    );
    for (const { life, worker } of this.#lives.values()) life.down.frame(() => worker.dismissed(life));
    this.#lives = new Map();
    this.#time.after(this.#downMs, () => this.#rise());
  }

  #rise(): void {
    this.#down = false;
    const { plan } = this.#options;
    const { checkpoint, journal } = this.disk;
    this.#training = new SyntheticTraining(plan, checkpoint?.bytes ?? null);
    this.#invariants = new Invariants(this.#options, this.#training.position);
    this.#state = initialFleet(this.#limits);
    this.#options.say(
      () =>
        `coordinator is back: ${checkpoint?.rounds ?? 0} of ${journal.length} rounds are in its checkpoint`,
    );
    this.#begin();
  }

  #after(delayMs: number, action: () => void): void {
    const process = this.#process;
    this.#time.after(delayMs, () => {
      if (process === this.#process && !this.#down) action();
    });
  }

  #tickForever(): void {
    this.#after(tickIntervalMs, () => {
      this.#dispatch({ type: 'tick' });
      if (this.#down) return;
      this.#invariants.ticked(this.#state, this.#time.nowMs, 2 * tickIntervalMs);
      this.#tickForever();
    });
  }

  #dispatch(event: FleetEvent, then: () => void = () => undefined): void {
    if (this.#down) return;
    this.counts.events += 1;
    const effects = advance(this.#state, event, this.#time.nowMs + this.clockAheadMs);
    try {
      for (const effect of effects) {
        // The answer that an event is about is over before anything new begins.
        if (effect.type === 'assign-task') then();
        this.#perform(effect);
        if (this.#effectsLeft !== null && this.#effectsLeft-- <= 0) throw new Killed();
      }
    } catch (error) {
      if (error instanceof Killed) return this.#die();
      throw error;
    }
    then();
    this.#invariants.state(this.#state, run);
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
      case 'void-round':
        this.#invariants.voided();
        return this.#training.voidRound();
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
        this.#invariants.left(life.id);
        return life.down.frame(() => worker.dismissed(life));
      }
      case 'note':
        if (effect.text.includes('is in quarantine')) {
          this.counts.quarantined += 1;
          this.#invariants.quarantined(this.#state);
        }
        return this.#options.say(() => effect.text);
    }
  }

  #assign(effect: Extract<FleetEffect, { type: 'assign-task' }>): void {
    const { lease, round, block, purpose, epoch, stepInEpoch, why } = effect;
    this.#invariants.assigned(effect);
    this.counts.assigned += 1;
    if (why !== '') this.counts.again += 1;
    const place = { purpose, epoch, stepInEpoch };
    this.#place = place;
    const microBatches = this.#training.microBatches(place, block);
    const { weightsName } = this.#training;
    const reason = why === '' ? '' : ` (${why})`;
    this.#options.say(
      () => `  ${effect.worker} gets ${tasksText(block)} of ${placeText(place)}, lease ${lease}${reason}`,
    );
    const found = this.#lives.get(effect.worker);
    assert(found !== undefined, `${effect.worker} has no connection`);
    const { life, worker } = found;
    life.down.call(() => worker.receive(life, { lease, round, block, weightsName, microBatches }));
  }

  #accept(block: Block): void {
    assert(this.#answering !== null && this.#place !== null, 'an accepted result has an answer and a place');
    const { worker, lease, answer } = this.#answering;
    this.#invariants.accepted(worker, lease, block, answer, this.#training.weightsName);
    this.counts.accepted += 1;
    this.progressMs = this.#time.nowMs;
    this.#options.say(() => `  ${worker} delivers ${tasksText(block)}, lease ${lease}`);
    this.#training.accept(this.#place, block, answer);
  }

  #close({ round, ...place }: Extract<FleetEffect, { type: 'close-round' }>): void {
    this.#invariants.closing(round);
    // The optimiser takes its time, and the world goes on meanwhile.
    this.#after(optimiserMs, () => {
      this.#training.closeRound(place);
      this.#journal(this.#invariants.firstRound + round, round, place);
    });
  }

  /** Written down first, told afterwards; a disk that fails is tried again. */
  #journal(number: number, round: number, place: Place): void {
    this.#after(diskMs, () => {
      const { position } = this.#training;
      const digest = this.#training.mark();
      const written = this.disk.write(
        number,
        { position, digest },
        () => this.#training.snapshot(),
        this.#time.nowMs,
      );
      if (!written) {
        this.#options.say(() => `the journal cannot be written`);
        return this.#after(20, () => this.#journal(number, round, place));
      }
      this.#roundsTold = Math.max(this.#roundsTold, number + 1);
      this.progressMs = this.#time.nowMs;
      this.#options.say(() => `${placeText(place)} is done: ${this.#training.digest().slice(0, 19)}`);
      this.#invariants.closed();
      this.#dispatch({ type: 'round-closed', run, round });
    });
  }

  get isOver(): boolean {
    const phase = this.#state.runs.get(run)?.phase;
    return !this.#down && phase !== undefined && isFinal(phase);
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
