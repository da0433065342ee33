import { assert, messageOf, RandomSequence, RandomStream, type Digest } from '@ptychofleet/base';
import type { RunChecks, TrainingPlan } from '@ptychofleet/run';
import { simulate, type Outcome, type Simulation } from './cluster.ts';
import { drawFaults, faultKinds, faultText, type FaultKind, type PlannedFault } from './faults.ts';
import { plainTraining } from './plain-training.ts';
import { shrink } from './shrink.ts';

/** What the command line says about a schedule; what it leaves open comes from the seed. */
export interface ScheduleChoice {
  readonly seed: number;
  readonly steps: number;
  readonly workers?: number;
  readonly kinds?: readonly FaultKind[];
  readonly faults?: readonly PlannedFault[];
}

const workersMost = 64;
/** Where nobody lies, one result is enough, as it is in most runs. */
const honestKinds = faultKinds.filter((kind) => kind !== 'lie');
const stepsOfEpoch = [1, 2, 5, 10, 20, 50];

/** A schedule with at least `steps` steps: its plan, workers and faults are functions of the choice. */
export function scheduleOf(choice: ScheduleChoice): Simulation {
  const { seed, steps } = choice;
  const random = new RandomSequence(new RandomStream(seed, 'schedule'));
  const plan = planOf(seed, steps, choice.workers ?? 1);
  const drawn = Math.floor(2 ** (random.uniform() * Math.log2(workersMost + 1)));
  const workers = choice.workers ?? drawn;
  // A step of a few workers takes about this long, so that faults fall into the whole of the run.
  const horizonMs = steps * 15;
  const kinds = choice.kinds ?? (seed % 4 === 0 ? faultKinds : honestKinds);
  const faults = choice.faults ?? drawFaults(seed, workers, horizonMs, kinds);
  return { seed, plan, workers, faults: possible(faults, workers), checks: checksOf(seed, workers, faults) };
}

/** A liar is found out where two have to agree, and there must be two that do not lie. */
function checksOf(seed: number, workers: number, faults: readonly PlannedFault[]): RunChecks {
  const lies = faults.some(({ kind }) => kind === 'lie');
  const redundancy = workers > 2 && (lies || seed % 8 === 0) ? 2 : 1;
  return { redundancy, auditEverySteps: seed % 4, mixedNumerics: false };
}

function possible(faults: readonly PlannedFault[], workers: number): readonly PlannedFault[] {
  return workers > 2 ? faults : faults.filter(({ kind }) => kind !== 'lie');
}

/** One of a few hundred plans, so that the calm run of each is made once; a large fleet gets a shard for everybody. */
function planOf(seed: number, steps: number, workers: number): TrainingPlan {
  const random = new RandomSequence(new RandomStream(seed % 200, 'plan'));
  const shardsLog2 = Math.min(random.integer(6), random.integer(6) + 1);
  const virtualShards = 2 ** (workers > workersMost ? Math.ceil(Math.log2(workers)) : shardsLog2);
  const batchSize = virtualShards * 2 ** random.integer(2);
  const wanted = stepsOfEpoch[random.integer(stepsOfEpoch.length)];
  const perEpoch = Math.min(wanted, steps);
  const missing = perEpoch * batchSize > 1 ? random.integer(batchSize) : 0;
  return {
    kind: 'training',
    groupCount: perEpoch * batchSize - missing,
    validationGroupCount: random.integer(2) * (1 + random.integer(9)),
    batchSize,
    virtualShards,
    epochs: Math.ceil(steps / perEpoch),
    seed: seed % 200,
    sequential: random.integer(2) === 0,
    accumulationSteps: 1,
  };
}

const calmDigests = new Map<string, Digest>();

/** Digest of the calm run: one worker, no fault; it must be what {@link plainTraining} says. */
export function calmDigest(plan: TrainingPlan): Digest {
  const key = JSON.stringify(plan);
  const known = calmDigests.get(key);
  if (known !== undefined) return known;
  const { digest } = simulate({ seed: 0, plan, workers: 1, faults: [] });
  assert(digest === plainTraining(plan), `the calm run ends with ${digest}, plain training does not`);
  calmDigests.set(key, digest);
  return digest;
}

/** Runs a schedule and compares its end with the calm run's. @throws AssertionError */
export function check(simulation: Simulation): Outcome {
  const calm = calmDigest(simulation.plan);
  const outcome = simulate(simulation);
  assert(outcome.digest === calm, `the run ends with ${outcome.digest}, the calm run with ${calm}`);
  return outcome;
}

/** Why a schedule fails, or null. */
export function failureOf(choice: ScheduleChoice): string | null {
  try {
    check(scheduleOf(choice));
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

export function commandOf({ seed, workers, steps, faults }: Required<Omit<ScheduleChoice, 'kinds'>>): string {
  const list = faults.length === 0 ? 'none' : faults.map(faultText).join(',');
  return `npm run sim -- --seed ${seed} --workers ${workers} --steps ${steps} --faults ${list}`;
}

/** The smallest schedule found that still fails, why it does, and the command that repeats it. */
export function smallestFailure(choice: ScheduleChoice): { command: string; failure: string } {
  const { workers, faults } = scheduleOf(choice);
  const { seed, steps } = choice;
  const small = shrink({ seed, workers, steps, faults }, (candidate) => failureOf(candidate) !== null);
  return { command: commandOf(small), failure: failureOf(small) ?? 'it passes the second time' };
}
