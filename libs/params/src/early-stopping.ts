export interface EarlyStoppingSpec {
  /** Checks in a row without improvement after which training stops. */
  readonly patience: number;
  readonly mode: 'min' | 'max';
}

/** Plain JSON, so that it goes into a checkpoint as it is. */
export interface EarlyStoppingState {
  readonly best: number | null;
  readonly badChecks: number;
  readonly stop: boolean;
}

export const earlyStoppingStart: EarlyStoppingState = { best: null, badChecks: 0, stop: false };

/**
 * The state after one more check (training spec §8). Improvement is strict (min_delta 0); a NaN never improves, so a
 * diverged run stops too.
 */
export function afterCheck(
  state: EarlyStoppingState,
  value: number,
  { patience, mode }: EarlyStoppingSpec,
): EarlyStoppingState {
  if (improves(value, state.best, mode)) return { best: value, badChecks: 0, stop: false };
  const badChecks = state.badChecks + 1;
  return { best: state.best, badChecks, stop: badChecks >= patience };
}

/** Whether `value` is strictly better than `best`; the rule of best checkpoints, too. */
export function improves(value: number, best: number | null, mode: 'min' | 'max'): boolean {
  if (Number.isNaN(value)) return false;
  if (best === null) return true;
  return mode === 'min' ? value < best : value > best;
}
