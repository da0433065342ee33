import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkpointName, keptEpochs, type CheckpointPolicy, type EpochLosses } from './checkpoint-policy.ts';

const base: CheckpointPolicy = {
  enabled: true,
  topK: 1,
  mode: 'min',
  monitors: 'validation',
  label: 'poisson_val',
};
const losses = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(NaN));
const courses = fc
  .array(fc.record({ trainLoss: losses, validationLoss: losses }), { maxLength: 12 })
  .map((rows) => rows.map((row, i): EpochLosses => ({ epoch: i + 1, ...row })));

/** All epochs sorted from best to worst: the rule written down once more. */
function ranked(policy: CheckpointPolicy, epochs: readonly EpochLosses[]): number[] {
  const value = (row: EpochLosses): number => {
    const loss = (policy.monitors === 'validation' ? row.validationLoss : row.trainLoss) ?? NaN;
    if (Number.isNaN(loss)) return Infinity;
    return policy.mode === 'min' ? loss : -loss;
  };
  return [...epochs].sort((a, b) => value(a) - value(b) || a.epoch - b.epoch).map(({ epoch }) => epoch);
}

describe('kept checkpoints', () => {
  it('are the k best, the earlier of equals, for any course of the losses', () => {
    const policies = fc.record({
      topK: fc.integer({ min: -1, max: 4 }),
      mode: fc.constantFrom('min' as const, 'max' as const),
      monitors: fc.constantFrom('train' as const, 'validation' as const),
    });
    fc.assert(
      fc.property(policies, courses, (over, epochs) => {
        const policy = { ...base, ...over };
        const k = policy.topK < 0 ? epochs.length : policy.topK;
        expect([...keptEpochs(policy, epochs)].sort((a, b) => a - b)).toEqual(
          ranked(policy, epochs)
            .slice(0, k)
            .sort((a, b) => a - b),
        );
      }),
    );
  });

  it('are none when checkpointing is off', () => {
    expect(keptEpochs({ ...base, enabled: false, topK: -1 }, [{ epoch: 1, trainLoss: 1 }]).size).toBe(0);
  });

  it('carry epoch and metric in their names', () => {
    const row = { epoch: 7, trainLoss: 2, validationLoss: 0.123456 };
    expect(checkpointName(base, row)).toBe('epoch=07-poisson_val=0.1235.ckpt');
    const trained = { ...base, monitors: 'train' as const, label: 'mae_train' };
    expect(checkpointName(trained, { ...row, epoch: 123 })).toBe('epoch=123-mae_train=2.0000.ckpt');
  });
});
