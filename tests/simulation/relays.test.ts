import type { TrainingPlan } from '@ptychofleet/run';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainTraining } from './plain-training.ts';
import { relayedTraining } from './relays.ts';

const powers = (most: number) => fc.integer({ min: 0, max: most }).map((exponent) => 2 ** exponent);

function planOf(virtualShards: number, size: number, missing: number): TrainingPlan {
  const batchSize = virtualShards * size;
  return {
    kind: 'training',
    groupCount: 2 * batchSize - (missing % batchSize),
    validationGroupCount: 0,
    batchSize,
    virtualShards,
    epochs: 2,
    seed: 7,
    sequential: false,
    accumulationSteps: 1,
  };
}

describe('a training through relays', () => {
  it('ends with the bits of plain training for any shards, workers, relays and order, and for short batches', () => {
    fc.assert(
      fc.property(
        powers(6),
        powers(6),
        fc.nat(40),
        fc.nat(200),
        fc.nat(),
        (shards, wanted, more, missing, seed) => {
          const relays = Math.min(shards, wanted);
          const plan = planOf(shards, 2, missing);
          expect(relayedTraining(plan, relays + more, relays, seed).digest).toBe(plainTraining(plan));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('costs the coordinator one sum and one copy of the weights a relay, however many workers there are', () => {
    for (const workers of [64, 256, 1024]) {
      const { coordinator, relay } = relayedTraining(planOf(workers, 1, 0), workers, 16, 1);
      expect(coordinator).toEqual({ up: 16, down: 16 });
      expect(relay).toEqual({ up: workers / 16, down: workers / 16 });
    }
  });
});
