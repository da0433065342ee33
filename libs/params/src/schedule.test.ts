import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterCheck, createSchedule, earlyStoppingStart, scheduleKinds, type ScheduleSpec } from './index.ts';

const base: ScheduleSpec = {
  kind: 'Default',
  baseRate: 1e-3,
  epochs: 20,
  warmupEpochs: 3,
  minRatio: 0.1,
  plateauFactor: 0.5,
  plateauPatience: 2,
  plateauMinRate: 5e-5,
  plateauThreshold: 0,
  stage1Epochs: 4,
  stage2Epochs: 5,
  stage3Factor: 0.1,
  physicsWeightSchedule: 'cosine',
};

describe('schedules', () => {
  it('go on alike after export and import through JSON, whatever the losses', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...scheduleKinds),
        fc.array(fc.double({ min: -5, max: 5 }), { maxLength: 20 }),
        fc.nat(20),
        (kind, losses, cut) => {
          const whole = createSchedule({ ...base, kind });
          let resumed = createSchedule({ ...base, kind });
          losses.forEach((loss, epoch) => {
            if (epoch === cut) {
              const state = JSON.parse(JSON.stringify(resumed.exportState()));
              resumed = createSchedule({ ...base, kind });
              resumed.importState(state);
            }
            whole.observe(loss);
            resumed.observe(loss);
            expect(resumed.rate(epoch + 1)).toBe(whole.rate(epoch + 1));
          });
        },
      ),
    );
  });

  it('CosineAnnealing falls from the base rate towards its floor without a warm-up', () => {
    const schedule = createSchedule({ ...base, kind: 'CosineAnnealing', epochs: 10 });
    const rates = Array.from({ length: 11 }, (_, epoch) => schedule.rate(epoch));
    expect(rates[0]).toBe(1e-3);
    expect(rates[5]).toBeCloseTo((1e-3 + 1e-4) / 2, 10);
    expect(rates[10]).toBeCloseTo(1e-4, 10);
    for (let epoch = 1; epoch <= 10; epoch++) expect(rates[epoch]).toBeLessThan(rates[epoch - 1]);
  });

  it('Adaptive with a cosine weight meets the linear one at the ends and in the middle of stage 2', () => {
    const spec: ScheduleSpec = { ...base, kind: 'Adaptive', stage2Epochs: 4 };
    const cosine = createSchedule(spec);
    const linear = createSchedule({ ...spec, physicsWeightSchedule: 'linear' });
    for (const epoch of [0, 3, 4, 6, 8, 9]) expect(cosine.rate(epoch)).toBeCloseTo(linear.rate(epoch), 9);
    expect(cosine.rate(5)).toBeGreaterThan(linear.rate(5));
  });

  it('a plateau of NaN losses lowers the rate as any other plateau', () => {
    const schedule = createSchedule({ ...base, kind: 'ReduceLROnPlateau' });
    const rates = [NaN, NaN, NaN].map((loss, epoch) => (schedule.observe(loss), schedule.rate(epoch)));
    expect(rates).toEqual([1e-3, 1e-3, 5e-4]);
  });
});

describe('early stopping', () => {
  it('stops after `patience` checks in a row without a strict improvement, in both modes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom('min' as const, 'max' as const),
        (values, patience, mode) => {
          let state = earlyStoppingStart;
          const checks = values.findIndex(
            (value) => (state = afterCheck(state, value, { patience, mode })).stop,
          );
          const sign = mode === 'min' ? 1 : -1;
          const lastImprovement = (n: number): number => {
            const seen = values.slice(0, n).map((value) => sign * value);
            return seen.indexOf(Math.min(...seen));
          };
          const expected = values.findIndex((_, i) => i - lastImprovement(i + 1) >= patience);
          expect(checks).toBe(expected);
        },
      ),
    );
  });

  it('counts NaN as no improvement', () => {
    const spec = { patience: 2, mode: 'min' as const };
    const first = afterCheck(earlyStoppingStart, NaN, spec);
    expect(first).toEqual({ best: null, badChecks: 1, stop: false });
    expect(afterCheck(first, NaN, spec).stop).toBe(true);
  });
});
