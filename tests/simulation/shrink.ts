import type { PlannedFault } from './faults.ts';

export interface Shrinkable {
  readonly seed: number;
  readonly workers: number;
  readonly steps: number;
  readonly faults: readonly PlannedFault[];
}

/**
 * Makes a failing schedule smaller for as long as it still fails: fewer steps, fewer workers (the faults of those that go, go
 * too), then faults in ever smaller pieces (delta debugging). The answer fails, and none of the tried smaller ones does.
 */
export function shrink(failing: Shrinkable, fails: (candidate: Shrinkable) => boolean): Shrinkable {
  let best = failing;
  const attempt = (candidate: Shrinkable): boolean => {
    if (!fails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let before: Shrinkable | null = null; before !== best;) {
    before = best;
    lessen(best.steps, (steps) => attempt({ ...best, steps }));
    lessen(best.workers, (workers) => {
      const faults = best.faults.filter(({ worker }) => worker < workers);
      return attempt({ ...best, workers, faults });
    });
    for (
      let size = Math.ceil(best.faults.length / 2);
      size >= 1;
      size = size === 1 ? 0 : Math.ceil(size / 2)
    ) {
      for (let start = 0; start < best.faults.length;) {
        const faults = best.faults.filter((_, place) => place < start || place >= start + size);
        if (!attempt({ ...best, faults })) start += size;
      }
    }
  }
  return best;
}

/** Tries smaller numbers, boldly first: 1, then halfway up again and again. */
function lessen(from: number, attempt: (value: number) => boolean): void {
  let low = 1;
  let high = from;
  while (low < high) {
    const value = Math.floor((low + high) / 2);
    if (attempt(value)) high = value;
    else low = value + 1;
  }
}
