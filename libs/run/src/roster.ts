import { assert } from '@ptychofleet/base';
import type { WorkerState } from './fleet-state.ts';

interface Entry {
  readonly worker: WorkerState;
  readonly load: number;
}

/**
 * Workers that may be given work, the least loaded first and among those the longest in the fleet. A heap with entries that
 * may have gone stale: finding the next worker costs the logarithm of their number, whatever the size of the fleet.
 */
export class Roster {
  readonly #heap: Entry[] = [];
  /** What each worker counted for when it was looked at last. */
  readonly #counted = new Map<WorkerState, { load: number; entries: Set<number> }>();
  #idle = 0;

  /** Workers that may be given work, busy or not. */
  get present(): number {
    return this.#counted.size;
  }

  /** Those of them that hold no lease. */
  get idle(): number {
    return this.#idle;
  }

  /** To be called after every change of what a worker holds or may do. */
  update(worker: WorkerState): void {
    const before = this.#counted.get(worker);
    if (before?.load === 0) this.#idle -= 1;
    if (!worker.able) {
      this.#counted.delete(worker);
      return;
    }
    const load = worker.leases.size;
    const counted = before ?? { load, entries: new Set<number>() };
    counted.load = load;
    this.#counted.set(worker, counted);
    if (load === 0) this.#idle += 1;
    if (load >= worker.slots || counted.entries.has(load)) return;
    counted.entries.add(load);
    this.#push({ worker, load });
  }

  remove(worker: WorkerState): void {
    if (this.#counted.get(worker)?.load === 0) this.#idle -= 1;
    this.#counted.delete(worker);
  }

  /** The least loaded worker with a free slot that is `wanted`; undefined when there is none. */
  leastLoaded(wanted: (worker: WorkerState) => boolean = () => true): WorkerState | undefined {
    const passedOver: Entry[] = [];
    let found: WorkerState | undefined;
    while (found === undefined) {
      const entry = this.#heap[0];
      if (entry === undefined) break;
      const counted = this.#counted.get(entry.worker);
      if (counted === undefined || counted.load !== entry.load) {
        this.#pop();
        counted?.entries.delete(entry.load);
      } else if (wanted(entry.worker)) found = entry.worker;
      else {
        this.#pop();
        passedOver.push(entry);
      }
    }
    for (const entry of passedOver) this.#push(entry);
    return found;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let place = heap.push(entry) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(entry, at(heap, parent))) break;
      heap[place] = at(heap, parent);
      place = parent;
    }
    heap[place] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(at(heap, child + 1), at(heap, child))) child += 1;
      if (!isBefore(at(heap, child), last)) break;
      heap[place] = at(heap, child);
      place = child;
    }
    heap[place] = last;
  }
}

function at(heap: readonly Entry[], place: number): Entry {
  const entry = heap[place];
  assert(entry !== undefined, 'a place of the heap is filled');
  return entry;
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.load < b.load || (a.load === b.load && a.worker.order < b.worker.order);
}
