import { assert, unreachable } from '@ptychofleet/base';

export const scheduleKinds = [
  'Default',
  'Exponential',
  'WarmupCosine',
  'CosineAnnealing',
  'ReduceLROnPlateau',
  'MultiStage',
  'Adaptive',
] as const;

/** Every knob of training spec §7; a kind reads only its own. */
export interface ScheduleSpec {
  readonly kind: (typeof scheduleKinds)[number];
  readonly baseRate: number;
  readonly epochs: number;
  readonly warmupEpochs: number;
  /** Floor of the cosine as a share of the base rate. */
  readonly minRatio: number;
  readonly plateauFactor: number;
  readonly plateauPatience: number;
  readonly plateauMinRate: number;
  /** Relative improvement that resets the plateau. */
  readonly plateauThreshold: number;
  readonly stage1Epochs: number;
  readonly stage2Epochs: number;
  readonly stage3Factor: number;
  /** How Adaptive's physics weight rises from 0 to 1 over stage 2. */
  readonly physicsWeightSchedule: 'linear' | 'cosine';
}

/** What a restart needs: plain JSON, `null` for the schedules without memory. */
export type ScheduleState = PlateauState | null;

export interface PlateauState {
  readonly rate: number;
  readonly best: number | null;
  readonly badChecks: number;
}

export interface Schedule {
  /** Learning rate of `epoch`, counted from 0. */
  rate(epoch: number): number;
  /** Tells the monitored loss at the end of an epoch; only ReduceLROnPlateau listens. */
  observe(loss: number): void;
  exportState(): ScheduleState;
  importState(state: ScheduleState): void;
}

export function createSchedule(spec: ScheduleSpec): Schedule {
  const { kind, baseRate, warmupEpochs, stage1Epochs, stage3Factor } = spec;
  switch (kind) {
    case 'Default':
      return new Formula(() => baseRate);
    case 'Exponential':
      return new Formula((epoch) => exponential(baseRate, epoch));
    case 'WarmupCosine':
      return new Formula((epoch) => warmupCosine(spec, warmupEpochs, epoch));
    case 'CosineAnnealing':
      return new Formula((epoch) => warmupCosine(spec, 0, epoch));
    case 'MultiStage':
      return new Formula((epoch) => (epoch < stage1Epochs ? baseRate : baseRate * stage3Factor));
    case 'Adaptive':
      return new Formula((epoch) => adaptive(spec, epoch));
    case 'ReduceLROnPlateau':
      return new Plateau(spec);
    default:
      return unreachable(kind);
  }
}

/** A schedule that is a function of the epoch alone. */
class Formula implements Schedule {
  readonly #rate: (epoch: number) => number;

  constructor(rate: (epoch: number) => number) {
    this.#rate = rate;
  }

  rate(epoch: number): number {
    assert(Number.isInteger(epoch) && epoch >= 0, `epoch must be an integer ≥ 0: ${epoch}`);
    return this.#rate(epoch);
  }

  observe(): void {
    // The rate depends on the epoch alone.
  }

  exportState(): ScheduleState {
    return null;
  }

  importState(state: ScheduleState): void {
    assert(state === null, 'this schedule has no state');
  }
}

class Plateau implements Schedule {
  readonly #spec: ScheduleSpec;
  #state: PlateauState;

  constructor(spec: ScheduleSpec) {
    this.#spec = spec;
    this.#state = { rate: spec.baseRate, best: null, badChecks: 0 };
  }

  rate(): number {
    return this.#state.rate;
  }

  observe(loss: number): void {
    const { plateauFactor, plateauPatience, plateauMinRate, plateauThreshold } = this.#spec;
    const { rate, best, badChecks } = this.#state;
    if (best === null ? !Number.isNaN(loss) : loss < best * (1 - plateauThreshold)) {
      this.#state = { rate, best: loss, badChecks: 0 };
    } else if (badChecks + 1 > plateauPatience) {
      const reduced = Math.max(rate * plateauFactor, plateauMinRate);
      // Upstream ignores changes of 1e-8 and less (training spec §7).
      this.#state = { rate: rate - reduced > 1e-8 ? reduced : rate, best, badChecks: 0 };
    } else {
      this.#state = { rate, best, badChecks: badChecks + 1 };
    }
  }

  exportState(): ScheduleState {
    return this.#state;
  }

  importState(state: ScheduleState): void {
    assert(state !== null, 'a plateau schedule needs its state');
    this.#state = state;
  }
}

function exponential(baseRate: number, epoch: number): number {
  // Repeated multiplication, since Math.pow may differ in the last bit between engines.
  let rate = baseRate;
  for (let e = 0; e < epoch; e++) rate *= 0.95;
  return rate;
}

function warmupCosine(spec: ScheduleSpec, warmupEpochs: number, epoch: number): number {
  const { baseRate, minRatio, epochs } = spec;
  if (epoch < warmupEpochs) return baseRate * (0.1 + (0.9 * epoch) / warmupEpochs);
  const floor = baseRate * minRatio;
  const span = Math.max(1, epochs - warmupEpochs);
  return floor + (baseRate - floor) * raisedCosine((epoch - warmupEpochs) / span);
}

function adaptive(spec: ScheduleSpec, epoch: number): number {
  const { baseRate, stage1Epochs, stage2Epochs, physicsWeightSchedule } = spec;
  if (epoch < stage1Epochs) return baseRate;
  if (epoch >= stage1Epochs + stage2Epochs) return 0.1 * baseRate;
  const progress = (epoch - stage1Epochs) / stage2Epochs;
  const physicsWeight = physicsWeightSchedule === 'linear' ? progress : 1 - raisedCosine(progress);
  return baseRate * (0.5 - 0.4 * physicsWeight);
}

/**
 * (1 + cos(π·progress)) / 2, from 1 down to 0. Unlike + − × ÷ √, a cosine is not fixed by IEEE 754. V8 computes it with
 * its own fdlibm port on every platform, and rounding to float32 hides a last-bit difference of any other engine; only
 * the coordinator calls it, so workers can never disagree about a rate.
 */
function raisedCosine(progress: number): number {
  return (1 + Math.fround(Math.cos(Math.PI * progress))) / 2;
}
