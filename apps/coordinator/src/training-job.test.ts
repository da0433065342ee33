import { digestOf } from '@ptychofleet/base';
import { lossSpecSchema, modelSpecSchema } from '@ptychofleet/config';
import type { PreparedScan } from '@ptychofleet/data';
import { layoutOf, type ScheduleSpec } from '@ptychofleet/params';
import { microBatchOfStep, shardsOfStep, stepsPerEpoch, type TrainingPlan } from '@ptychofleet/run';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrainingJob } from './training-job.ts';

const size = 3;
const layout = layoutOf([{ name: 'w', shape: [size], fanIn: 1, fanOut: 1, role: 'kernel' }]);
const bytes = new Uint8Array(1);
// The job looks at nothing of a scan but its name and the patterns per group: workers see the rest.
const scan = { scan: { C: 1 } as PreparedScan, bytes, digest: digestOf(bytes) };

const constantRate: ScheduleSpec = {
  kind: 'Default',
  baseRate: 0.5,
  epochs: 2,
  warmupEpochs: 0,
  minRatio: 0,
  plateauFactor: 0.5,
  plateauPatience: 1,
  plateauMinRate: 0,
  plateauThreshold: 0,
  stage1Epochs: 0,
  stage2Epochs: 0,
  stage3Factor: 1,
  physicsWeightSchedule: 'linear',
};

function plan(over: Partial<TrainingPlan>): TrainingPlan {
  return {
    kind: 'training',
    groupCount: 24,
    validationGroupCount: 0,
    batchSize: 4,
    virtualShards: 2,
    epochs: 2,
    seed: 5,
    sequential: true,
    accumulationSteps: 1,
    ...over,
  };
}

/** Runs all steps of a job on gradients of small whole numbers, whose sums are exact in any order. */
async function train(chosen: TrainingPlan): Promise<{ weights: Float32Array; digests: Set<string> }> {
  let weights = new Float32Array(size);
  const job = new TrainingJob({
    plan: chosen,
    model: modelSpecSchema.parse({}),
    loss: lossSpecSchema.parse({}),
    layout,
    firstWeights: () => new Float32Array(size),
    optimizer: { kind: 'sgd', beta1: 0, beta2: 0, epsilon: 0, weightDecay: 0, momentum: 0 },
    schedule: constantRate,
    clipping: null,
    earlyStopping: { patience: 1, mode: 'min' },
    gradientNormEvery: null,
    scan,
    validation: null,
    warnings: [],
    numerics: () => ({ class: 'a' }),
    identity: { spec: {}, dataset: '', validation: null },
    publish: (final) => {
      weights = final.slice();
      return Promise.resolve([]);
    },
  });
  const digests = new Set<string>();
  for (let epoch = 0; epoch < chosen.epochs; epoch++) {
    for (let stepInEpoch = 0; stepInEpoch < stepsPerEpoch(chosen); stepInEpoch++) {
      const place = { purpose: 'step', epoch, stepInEpoch } as const;
      for (let shard = 0; shard < shardsOfStep(chosen, stepInEpoch); shard++) {
        digests.add(job.describe(place, { level: 0, index: shard }).weightsDigest);
        const groups = microBatchOfStep(chosen, epoch, stepInEpoch, shard).filter((group) => group >= 0);
        const sum = groups.reduce((a, group) => a + group + 1, 0);
        const values = Float32Array.of(sum, -sum, 2 * sum);
        job.accept(place, { level: 0, index: shard }, { lossSum: sum, groupCount: groups.length, values });
      }
      await job.closeRound(place);
    }
  }
  await job.finish();
  return { weights, digests };
}

describe('accumulation of gradients', () => {
  it('makes k small batches one large one: the same weights, and workers pull as seldom', async () => {
    const cases = fc.record({
      k: fc.integer({ min: 1, max: 5 }),
      groupCount: fc.integer({ min: 1, max: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ k, groupCount }) => {
        const small = await train(plan({ groupCount, accumulationSteps: k }));
        const large = await train(plan({ groupCount, batchSize: 4 * k, virtualShards: 1 }));
        expect(small.weights.some((value) => value !== 0)).toBe(true);
        expect(Buffer.from(small.weights.buffer).equals(Buffer.from(large.weights.buffer))).toBe(true);
        expect(small.digests).toEqual(large.digests);
      }),
    );
  });
});
