import type { RandomSequence } from '@ptychofleet/base';
import { workerId, type Block, type WorkerId } from '@ptychofleet/run';
import { gradientOfBlock } from '../../apps/worker/src/gradient-of-block.ts';
import { Link, type Weather } from './link.ts';
import { digestOfWords, syntheticGradient, type SyntheticGradient } from './synthetic-gradient.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface TaskMessage {
  readonly lease: number;
  readonly round: number;
  readonly block: Block;
  readonly weightsName: string;
  readonly microBatches: readonly Int32Array[];
}

export interface AnswerMessage extends SyntheticGradient {
  readonly digest: string;
  readonly computeMs: number;
  /** For the books of the simulation alone: the worker computed wrongly. */
  readonly isLie: boolean;
  readonly round: number;
  readonly block: Block;
  readonly weightsName: string;
}

interface Work {
  readonly life: Life;
  readonly task: TaskMessage;
}

/** What a worker is about to answer, when it is not stalled. */
interface Computed extends Work {
  readonly weights: Float32Array | undefined;
  readonly computeMs: number;
}

/** One life of a worker as both ends know it. */
export interface Life {
  readonly id: WorkerId;
  readonly slots: number;
  readonly up: Link;
  readonly down: Link;
  /** Beginnings of results; they come before the results mostly, which is all that anybody may count on. */
  readonly ahead: Link;
}

/** What the coordinator hears from workers. */
export interface CoordinatorEnd {
  readonly heartbeatIntervalMs: number;
  /** Says whether anybody is there to join. */
  join(life: Life, worker: SimulatedWorker): void;
  heard(life: Life): void;
  drain(life: Life): void;
  lose(life: Life, reason: string): void;
  /** The first bytes of an answer are there. */
  arriving(life: Life, lease: number): void;
  answer(life: Life, lease: number, answer: AnswerMessage): void;
  fail(life: Life, lease: number, reason: string): void;
  weights(name: string): Float32Array | undefined;
  /** A lease in force of anybody else, for the answer that goes astray. */
  leaseOfAnother(life: Life): number | undefined;
}

const slownessFactor = 20;

/** Of all bits of an answer. */
function digestOfAnswer({ gradient, lossSum, groupCount }: SyntheticGradient): string {
  return `${digestOfWords(gradient)} ${digestOfWords(Float64Array.of(lossSum))} ${groupCount}`;
}

/** A worker process: joins, computes one task after the other, comes back as a new life when it is dismissed or restarted. */
export class SimulatedWorker {
  readonly name: string;
  readonly weather: Weather = {
    partitionUntilMs: 0,
    delayUntilMs: 0,
    duplicateUntilMs: 0,
    reorderUntilMs: 0,
  };
  hungUntilMs = 0;
  slowUntilMs = 0;
  /** Its heartbeats go on, and nothing that it computes comes to an end before. */
  stalledUntilMs = 0;
  /** What it computes is wrong until then. */
  lyingUntilMs = 0;
  failsNext = false;
  straysNext = false;
  readonly #slots: number;
  readonly #time: VirtualTime;
  readonly #random: RandomSequence;
  readonly #onTheWay: RandomSequence;
  readonly #coordinator: CoordinatorEnd;
  #life: Life | null = null;
  #incarnation = 0;
  /** Counts processes: whatever a killed process had planned does not happen. */
  #process = 0;
  #queue: Work[] = [];
  #computing = false;
  #leaving = false;
  #gone = false;

  constructor(
    name: string,
    slots: number,
    time: VirtualTime,
    { random, onTheWay }: { random: RandomSequence; onTheWay: RandomSequence },
    coordinator: CoordinatorEnd,
  ) {
    this.name = name;
    this.#slots = slots;
    this.#time = time;
    this.#random = random;
    this.#onTheWay = onTheWay;
    this.#coordinator = coordinator;
  }

  start(): void {
    if (this.#gone || this.#life !== null) return;
    const link = (random = this.#random): Link => new Link(this.#time, random, this.weather);
    const id = workerId(`${this.name}.${++this.#incarnation}`);
    const life: Life = { id, slots: this.#slots, up: link(), down: link(), ahead: link(this.#onTheWay) };
    this.#life = life;
    life.up.frame(() => this.#coordinator.join(life, this));
    this.#beat(life);
  }

  /** kill -9: the kernel closes the connection, nothing else is said. A power cut does not even do that. */
  kill(backAfterMs: number | null, closesConnection: boolean): void {
    const life = this.#life;
    this.#process += 1;
    this.#life = null;
    this.#queue = [];
    this.#computing = false;
    this.hungUntilMs = 0;
    if (life !== null && closesConnection) {
      life.up.frame(() => this.#coordinator.lose(life, 'its connection was lost'));
    }
    if (backAfterMs === null) this.#gone = true;
    else this.#time.after(backAfterMs, () => this.start());
  }

  /** SIGTERM: takes nothing new, finishes what it holds, leaves for good. */
  terminate(): void {
    this.#awake(() => {
      const life = this.#life;
      this.#gone = this.#leaving = true;
      if (life === null) return;
      life.up.frame(() => this.#coordinator.drain(life));
      this.#leaveWhenIdle();
    });
  }

  receive(life: Life, task: TaskMessage): void {
    this.#awake(() => {
      if (this.#life !== life) return;
      this.#queue.push({ life, task });
      this.#next();
    });
  }

  /** The session is over, by the coordinator's will or by its death; a worker comes back after a random pause. */
  dismissed(life: Life): void {
    this.#awake(() => {
      if (this.#life !== life) return;
      this.#life = null;
      this.#queue = [];
      this.#after(50 + 50 * this.#random.uniform(), () => this.start());
    });
  }

  #beat(life: Life): void {
    this.#after(this.#coordinator.heartbeatIntervalMs, () => {
      if (this.#life !== life) return;
      life.up.call(() => this.#coordinator.heard(life));
      this.#beat(life);
    });
  }

  #next(): void {
    if (this.#computing) return;
    const next = this.#queue.shift();
    if (next === undefined) return this.#leaveWhenIdle();
    const { life, task } = next;
    this.#computing = true;
    // Without a connection the weights cannot be pulled.
    this.#after(Math.max(0, this.weather.partitionUntilMs - this.#time.nowMs), () => {
      const weights = this.#coordinator.weights(task.weightsName);
      const factor = this.#time.nowMs < this.slowUntilMs ? slownessFactor : 1;
      const computeMs = task.microBatches.length * (3 + 6 * this.#random.uniform()) * factor;
      this.#after(computeMs, () => this.#finishWhenMoving({ life, task, weights, computeMs }));
    });
  }

  #finishWhenMoving(computed: Computed): void {
    const stalledMs = this.stalledUntilMs - this.#time.nowMs;
    if (stalledMs > 0) this.#after(stalledMs, () => this.#finishWhenMoving(computed));
    else this.#finish(computed);
  }

  /** Answers under the life that was given the task, even where that life is over by now. */
  #finish({ life, task, weights, computeMs }: Computed): void {
    this.#computing = false;
    const { lease, round, block, weightsName } = task;
    if (weights === undefined || this.failsNext) {
      this.failsNext &&= weights === undefined;
      const reason = weights === undefined ? `no content ${weightsName}` : 'out of memory';
      life.up.call(() => this.#coordinator.fail(life, lease, reason));
    } else {
      const engine = {
        gradient: ({ groupIndices }: { groupIndices: Int32Array }) =>
          syntheticGradient(weights, groupIndices),
      };
      const isLie = this.#time.nowMs < this.lyingUntilMs;
      const sum = isLie
        ? this.#lieAbout(gradientOfBlock(engine, task.microBatches))
        : gradientOfBlock(engine, task.microBatches);
      const { gradient, lossSum, groupCount } = sum;
      const answer: AnswerMessage = {
        gradient,
        lossSum,
        groupCount,
        digest: digestOfAnswer(sum),
        computeMs,
        isLie,
        round,
        block,
        weightsName,
      };
      if (this.straysNext) {
        this.straysNext = false;
        life.up.call(() => {
          const other = this.#coordinator.leaseOfAnother(life);
          if (other !== undefined) this.#coordinator.answer(life, other, answer);
        });
      }
      life.ahead.call(() => this.#coordinator.arriving(life, lease));
      life.up.call(() => this.#coordinator.answer(life, lease, answer));
    }
    this.#next();
  }

  /** One bit of one number is wrong, the same one each time: what a broken memory does, and no two workers break alike. */
  #lieAbout(sum: SyntheticGradient): SyntheticGradient {
    const gradient = sum.gradient.slice();
    const words = new Uint32Array(gradient.buffer);
    words[Number(this.name.slice(1)) % words.length] ^= 1 << (Number(this.name.slice(1)) % 23);
    return { ...sum, gradient };
  }

  #leaveWhenIdle(): void {
    const life = this.#life;
    if (!this.#leaving || life === null || this.#computing || this.#queue.length > 0) return;
    this.#life = null;
    life.up.frame(() => this.#coordinator.lose(life, 'it left'));
  }

  #after(delayMs: number, action: () => void): void {
    const process = this.#process;
    this.#time.after(delayMs, () => {
      if (process === this.#process) this.#awake(action);
    });
  }

  /** A stopped process does nothing until it is continued, and then all of it in order. */
  #awake(action: () => void): void {
    const waitMs = this.hungUntilMs - this.#time.nowMs;
    if (waitMs > 0) this.#after(waitMs, action);
    else action();
  }
}
