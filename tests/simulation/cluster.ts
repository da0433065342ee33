import { assert, RandomSequence, RandomStream, type Digest } from '@ptychofleet/base';
import { noChecks, stepCount, type RunChecks, type TrainingPlan } from '@ptychofleet/run';
import { SimulatedCoordinator, type Counts } from './coordinator.ts';
import { faultText, type PlannedFault } from './faults.ts';
import { VirtualTime } from './virtual-time.ts';
import { SimulatedWorker } from './worker.ts';

/** One simulated run, whole: the same specification gives the same events, to the last one. */
export interface Simulation {
  readonly seed: number;
  readonly plan: TrainingPlan;
  readonly workers: number;
  /** Workers without which the run does not begin; 1 where it is left out. */
  readonly workersMin?: number;
  /** None where it is left out. */
  readonly checks?: RunChecks;
  readonly faults: readonly PlannedFault[];
}

export interface Outcome extends Readonly<Counts> {
  readonly digest: Digest;
  readonly virtualMs: number;
  readonly rounds: number;
}

/**
 * Longest time without progress once the last fault is over: silence until expiry, the way back, and the slowest block twice.
 * A run that stands still longer, with a worker at hand, has been forgotten.
 */
const standstillMsMax = 10_000;

/** From leases of one shard each to leases as large as they get; a shard is computed in 3 to 9 ms. */
const intakesMs = [0, 1, 4, 16, 64];

/** Runs the cluster to the end of its training. @throws AssertionError as soon as anything that must hold does not. */
export function simulate(simulation: Simulation, transcript?: (line: string) => void): Outcome {
  const { seed, plan, workers: workerCount, faults } = simulation;
  const random = new RandomSequence(new RandomStream(seed, 'cluster'));
  // Of its own, so that schedules stay what they were before results took two messages.
  const onTheWay = new RandomSequence(new RandomStream(seed, 'results on their way'));
  const time = new VirtualTime();
  const troubled = new Set(faults.map(({ worker }) => `w${worker}`));
  const clockJumps = faults.filter(({ kind }) => kind === 'clock').length;
  const say = (line: () => string): void => transcript?.(`${time.nowMs.toFixed(1).padStart(8)}  ${line()}`);
  const coordinator = new SimulatedCoordinator(time, {
    plan,
    checks: simulation.checks ?? noChecks,
    workersMin: simulation.workersMin ?? 1,
    taskFailuresMax: 1 + faults.filter(({ kind }) => kind === 'fail').length,
    intakeMs: intakesMs[plan.seed % intakesMs.length] ?? 0,
    blameless: (name) => !troubled.has(name) && clockJumps < 2,
    say,
  });
  const workers = Array.from({ length: workerCount }, (_, index) => {
    const slots = 1 + random.integer(3);
    return new SimulatedWorker(`w${index}`, slots, time, { random, onTheWay }, coordinator);
  });

  const late = new Set(faults.filter(({ kind }) => kind === 'join').map(({ worker }) => worker));
  workers.forEach((worker, index) => {
    if (!late.has(index)) worker.start();
  });
  let troubleEndsMs = 0;
  for (const fault of faults) {
    troubleEndsMs = Math.max(troubleEndsMs, fault.atMs + Math.max(0, fault.durationMs));
    time.after(fault.atMs, () => {
      const worker = workers[fault.worker];
      if (worker === undefined) return;
      say(() => `!! ${faultText(fault)}`);
      strike(fault, worker, coordinator, time.nowMs, (end) => time.after(fault.durationMs, end));
    });
  }

  while (!coordinator.isOver) {
    assert(time.step(), 'nothing is planned and the run is not over');
    const since = Math.max(coordinator.progressMs, troubleEndsMs);
    assert(
      time.nowMs - since <= standstillMsMax,
      `no progress in ${standstillMsMax} ms with ${coordinator.liveWorkers} workers at hand, ${coordinator.stepsDone} steps done`,
    );
  }
  assert(coordinator.phase === 'succeeded', `the run ${coordinator.phase}: ${coordinator.reason}`);
  assert(coordinator.stepsDone === stepCount(plan), `${coordinator.stepsDone} steps were counted`);
  const virtualMs = time.nowMs;
  const { counts, roundsClosed: rounds } = coordinator;
  const digest = coordinator.training.digest();
  // Answers still on their way find a run that is over, or a coordinator that was killed after that and begins anew.
  while (time.nowMs < virtualMs + 200) time.step();
  return { ...counts, digest, virtualMs, rounds };
}

function strike(
  { kind, durationMs }: PlannedFault,
  worker: SimulatedWorker,
  coordinator: SimulatedCoordinator,
  nowMs: number,
  later: (end: () => void) => void,
): void {
  const { weather } = worker;
  const untilMs = nowMs + durationMs;
  switch (kind) {
    case 'join':
      return worker.start();
    case 'crash':
      return worker.kill(null, true);
    case 'restart':
      return worker.kill(durationMs, true);
    case 'reboot':
      return worker.kill(durationMs, false);
    case 'drain':
      return worker.terminate();
    case 'partition':
      weather.partitionUntilMs = Math.max(weather.partitionUntilMs, untilMs);
      return;
    case 'delay':
      weather.delayUntilMs = Math.max(weather.delayUntilMs, untilMs);
      return;
    case 'duplicate':
      weather.duplicateUntilMs = Math.max(weather.duplicateUntilMs, untilMs);
      return;
    case 'reorder':
      weather.reorderUntilMs = Math.max(weather.reorderUntilMs, untilMs);
      return;
    case 'slow':
      worker.slowUntilMs = Math.max(worker.slowUntilMs, untilMs);
      return;
    case 'hang':
      worker.hungUntilMs = Math.max(worker.hungUntilMs, untilMs);
      return;
    case 'fail':
      worker.failsNext = true;
      return;
    case 'stray':
      worker.straysNext = true;
      return;
    case 'stall':
      worker.stalledUntilMs = Math.max(worker.stalledUntilMs, untilMs);
      return;
    case 'lie':
      worker.lyingUntilMs = Math.max(worker.lyingUntilMs, untilMs);
      return;
    case 'coordinator':
      // Any number of effects from now, but the same in each repetition.
      return coordinator.killAfter((durationMs * 7) % 23, durationMs);
    case 'disk':
      coordinator.disk.brokenUntilMs = Math.max(coordinator.disk.brokenUntilMs, untilMs);
      return;
    case 'pause':
      coordinator.pause(true);
      return later(() => coordinator.pause(false));
    case 'clock':
      coordinator.clockAheadMs += durationMs;
      return;
  }
}
