import type { RandomSequence } from '@ptychofleet/base';
import type { VirtualTime } from './virtual-time.ts';

/** What faults do to a worker's connection, as instants at which it is over. */
export interface Weather {
  partitionUntilMs: number;
  delayUntilMs: number;
  duplicateUntilMs: number;
  reorderUntilMs: number;
}

const extraDelayMs = 80;

/**
 * One direction of the connection of one life of a worker. Frames of the session stream keep their order, as TCP does; calls
 * (answers, heartbeats, tasks) may overtake one another and arrive twice while the weather says so. A partition holds everything
 * back: what arrives after the coordinator has given the worker up belongs to an old life.
 */
export class Link {
  readonly #time: VirtualTime;
  readonly #random: RandomSequence;
  readonly #weather: Weather;
  #lastArrivalMs = 0;

  constructor(time: VirtualTime, random: RandomSequence, weather: Weather) {
    this.#time = time;
    this.#random = random;
    this.#weather = weather;
  }

  frame(deliver: () => void): void {
    this.#send(deliver, true);
  }

  call(deliver: () => void): void {
    const ordered = this.#time.nowMs >= this.#weather.reorderUntilMs;
    this.#send(deliver, ordered);
    if (this.#time.nowMs < this.#weather.duplicateUntilMs && this.#random.uniform() < 0.5) {
      this.#send(deliver, ordered);
    }
  }

  #send(deliver: () => void, ordered: boolean): void {
    const { nowMs } = this.#time;
    let latencyMs = 0.3 + 1.5 * this.#random.uniform();
    if (nowMs < this.#weather.delayUntilMs || !ordered) latencyMs += extraDelayMs * this.#random.uniform();
    let arrivalMs = nowMs + latencyMs;
    if (ordered) {
      arrivalMs = Math.max(arrivalMs, this.#lastArrivalMs);
      this.#lastArrivalMs = arrivalMs;
    }
    this.#time.after(arrivalMs - nowMs, () => this.#arrive(deliver));
  }

  #arrive(deliver: () => void): void {
    const waitMs = this.#weather.partitionUntilMs - this.#time.nowMs;
    if (waitMs > 0) this.#time.after(waitMs, () => this.#arrive(deliver));
    else deliver();
  }
}
