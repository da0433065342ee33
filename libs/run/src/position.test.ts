import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from './fleet.test-support.ts';
import {
  advance,
  initialFleet,
  positionAfter,
  runId,
  runStart,
  stepsBefore,
  stepsPerEpoch,
  workerId,
  type FleetEffect,
  type FleetEvent,
  type RunPosition,
  type TrainingPlan,
} from './index.ts';

const plans = fc.record({
  kind: fc.constant('training' as const),
  groupCount: fc.integer({ min: 1, max: 20 }),
  validationGroupCount: fc.constantFrom(0, 3),
  batchSize: fc.constantFrom(1, 4),
  virtualShards: fc.constant(1),
  epochs: fc.integer({ min: 1, max: 4 }),
  seed: fc.constant(1),
  sequential: fc.constant(true),
  accumulationSteps: fc.constant(1),
}) satisfies fc.Arbitrary<TrainingPlan>;

/** All rounds of a run, written down as plainly as possible. */
function roundsOf(plan: TrainingPlan): RunPosition[] {
  const rounds: RunPosition[] = [];
  const steps = stepsPerEpoch(plan);
  for (let epoch = 0; epoch < plan.epochs; epoch++) {
    for (let step = 0; step < steps; step++) rounds.push({ purpose: 'step', epoch, stepInEpoch: step });
    if (plan.validationGroupCount > 0) rounds.push({ purpose: 'validation', epoch, stepInEpoch: steps });
  }
  return [...rounds, { purpose: 'end', epoch: plan.epochs, stepInEpoch: 0 }];
}

/** The rounds that the machine opens when one worker does whatever it is given. */
function drive(plan: TrainingPlan, at: RunPosition): { rounds: RunPosition[]; phase: string | undefined } {
  const state = initialFleet(limits);
  const [run, worker] = [runId('r'), workerId('w')];
  const rounds: RunPosition[] = [];
  const pending: FleetEvent[] = [
    { type: 'run-submitted', run, plan, workersMin: 1, at },
    { type: 'worker-joined', worker, name: 'w', slots: 1, numerics: 'n' },
  ];
  const take = (effect: FleetEffect): void => {
    if (effect.type === 'assign-task')
      pending.push({ type: 'task-finished', worker, lease: effect.lease, digest: 'd', computeMs: 1 });
    if (effect.type !== 'close-round') return;
    const { purpose, epoch, stepInEpoch } = effect;
    rounds.push({ purpose: purpose as 'step' | 'validation', epoch, stepInEpoch });
    pending.push({ type: 'round-closed', run, round: effect.round });
  };
  for (let event = pending.shift(); event !== undefined; event = pending.shift())
    advance(state, event, 0).forEach(take);
  return { rounds, phase: state.runs.get(run)?.phase };
}

describe('positions of a run', () => {
  it('follow one another as the rounds do', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const expected = roundsOf(plan);
        const walked = [runStart];
        for (let at = runStart; at.purpose !== 'end'; walked.push(at)) at = positionAfter(plan, at, false);
        expect(walked).toEqual(expected);
        const steps = expected.map((at) => stepsBefore(plan, at));
        expect(steps.at(-1)).toBe(expected.filter(({ purpose }) => purpose === 'step').length);
      }),
    );
  });

  it('a run that goes on at any of them has exactly the rounds that are left', () => {
    fc.assert(
      fc.property(plans, fc.nat(), (plan, choice) => {
        const all = roundsOf(plan);
        const place = choice % all.length;
        expect(drive(plan, all[place]!)).toEqual({ rounds: all.slice(place, -1), phase: 'succeeded' });
      }),
    );
  });

  it('stopping ends the run where it stands', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        for (const at of roundsOf(plan).slice(0, -1))
          expect(positionAfter(plan, at, true).purpose).toBe('end');
      }),
    );
  });
});
