import type { FleetLimits, Lease } from './fleet-state.ts';
import type { RoundPurpose } from './plan.ts';

const durationsKept = 32;
const durationsLeast = 4;
/** Blocks are late this many median absolute deviations above the median. */
const deviations = 8;

const keyOf = (purpose: RoundPurpose, level: number): string => `${purpose} ${level}`;

/** How long the last blocks of a run took, in milliseconds, by purpose and size. */
export class BlockDurations {
  readonly #taken = new Map<string, number[]>();
  readonly #lateAfter = new Map<string, number | null>();
  readonly #computing: number[] = [];
  /** Worked out when somebody asks. */
  #microBatchMs: number | null = null;

  /** @param computeMs what the worker says it computed, which is less than the lease took: the result had to travel. */
  note({ purpose, block, startedMs, arrivingMs }: Lease, nowMs: number, computeMs: number): void {
    if (purpose === 'step') {
      keep(this.#computing, computeMs / 2 ** block.level);
      this.#microBatchMs = null;
    }
    if (startedMs === null) return;
    const key = keyOf(purpose, block.level);
    const taken = this.#taken.get(key) ?? [];
    this.#taken.set(key, taken);
    keep(taken, (arrivingMs ?? nowMs) - startedMs);
    this.#lateAfter.clear();
  }

  /** Median time that computing one micro-batch of a step took lately; null where too few are known. */
  get microBatchMs(): number | null {
    if (this.#computing.length < durationsLeast) return null;
    return (this.#microBatchMs ??= median(this.#computing));
  }

  /**
   * Time after which a block of this size is late: median + k·MAD of the last ones of its size, and at least half as long
   * again as the median. Where too few are known, what blocks of the nearest other size took, times the number of tasks; null
   * where nothing is known.
   */
  lateAfterMs(purpose: RoundPurpose, level: number, { lateMsLeast }: FleetLimits): number | null {
    const key = keyOf(purpose, level);
    const known = this.#lateAfter.get(key);
    if (known !== undefined) return known;
    const expectedMs = this.#expectedMs(purpose, level);
    const lateMs = expectedMs === null ? null : Math.max(expectedMs, lateMsLeast);
    this.#lateAfter.set(key, lateMs);
    return lateMs;
  }

  #expectedMs(purpose: RoundPurpose, level: number): number | null {
    for (const away of [0, 1, 2, 3]) {
      for (const other of away === 0 ? [level] : [level - away, level + away]) {
        const taken = this.#taken.get(keyOf(purpose, other));
        if (taken === undefined || taken.length < durationsLeast) continue;
        const middle = median(taken);
        const spread = median(taken.map((value) => Math.abs(value - middle)));
        return Math.max(middle + deviations * spread, 1.5 * middle) * 2 ** Math.max(0, level - other);
      }
    }
    return null;
  }
}

function keep(durations: number[], ms: number): void {
  durations.push(ms);
  if (durations.length > durationsKept) durations.shift();
}

/** How long a worker has been at a lease, or its result has been on its way. */
export function takesMs({ startedMs, arrivingMs }: Lease, nowMs: number): number {
  const sinceMs = arrivingMs ?? startedMs;
  return sinceMs === null ? 0 : nowMs - sinceMs;
}

/** Time after which the holder of a lease is taken for hung, heartbeats or not. */
export function hungAfterMs(limits: FleetLimits, lateMs: number | null): number {
  return lateMs === null ? limits.hungMsUnknown : Math.max(8 * lateMs, limits.hungMsLeast);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
