import { digestOf, digestOfText, Fault } from '@ptychofleet/base';
import { lossSpecSchema, modelSpecSchema } from '@ptychofleet/config';
import type { PreparedScan } from '@ptychofleet/data';
import { layoutOf, type OptimizerSpec, type ScheduleSpec } from '@ptychofleet/params';
import {
  microBatchSize,
  microBatchOfStep,
  shardsOfStep,
  stepsBefore,
  validationTasks,
  type TrainingPlan,
} from '@ptychofleet/run';
import type { LedgerStep } from '@ptychofleet/store';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrainingJob } from './training-job.ts';
import type { TrainingSettings } from './training-settings.ts';

const size = 5;
const layout = layoutOf([
  { name: 'a', shape: [3], fanIn: 1, fanOut: 1, role: 'kernel' },
  { name: 'b', shape: [2], fanIn: 1, fanOut: 1, role: 'bias' },
]);
const bytes = new Uint8Array(1);
const scan = { scan: { C: 1 } as PreparedScan, bytes, digest: digestOf(bytes) };
const identity = { spec: { training: { batchSize: 4, epochs: 3 } }, dataset: 'd', validation: null };

const schedule = (kind: ScheduleSpec['kind']): ScheduleSpec => ({
  kind,
  baseRate: 0.5,
  epochs: 4,
  warmupEpochs: 1,
  minRatio: 0.1,
  plateauFactor: 0.5,
  plateauPatience: 0,
  plateauMinRate: 1e-3,
  plateauThreshold: 0.1,
  stage1Epochs: 1,
  stage2Epochs: 2,
  stage3Factor: 0.5,
  physicsWeightSchedule: 'cosine',
});

interface Case {
  readonly plan: TrainingPlan;
  readonly optimizer: OptimizerSpec['kind'];
  readonly schedule: ScheduleSpec['kind'];
  readonly patience: number;
  readonly clips: boolean;
}

const cases: fc.Arbitrary<Case> = fc
  .record({
    groupCount: fc.integer({ min: 1, max: 14 }),
    validationGroupCount: fc.constantFrom(0, 3),
    virtualShards: fc.constantFrom(1, 2, 4),
    epochs: fc.integer({ min: 1, max: 4 }),
    seed: fc.nat(100),
    sequential: fc.boolean(),
    accumulationSteps: fc.integer({ min: 1, max: 3 }),
    optimizer: fc.constantFrom('adam' as const, 'adamw' as const, 'sgd' as const),
    schedule: fc.constantFrom('Default' as const, 'ReduceLROnPlateau' as const, 'WarmupCosine' as const),
    patience: fc.integer({ min: 1, max: 3 }),
    clips: fc.boolean(),
  })
  .map(({ optimizer, schedule: kind, patience, clips, ...rest }) => ({
    plan: { kind: 'training', ...rest, batchSize: 4 },
    optimizer,
    schedule: kind,
    patience,
    clips,
  }));

function jobOf(
  { plan, optimizer, schedule: kind, patience, clips }: Case,
  over: Partial<TrainingSettings> = {},
) {
  return new TrainingJob({
    plan,
    model: modelSpecSchema.parse({}),
    loss: lossSpecSchema.parse({}),
    layout,
    firstWeights: () => Float32Array.of(1, -2, 3, 0.5, -0.25),
    optimizer: { kind: optimizer, beta1: 0.9, beta2: 0.99, epsilon: 1e-3, weightDecay: 0.01, momentum: 0.9 },
    schedule: schedule(kind),
    clipping: clips ? { algorithm: 'norm', value: 0.3 } : null,
    gradientNormEvery: null,
    earlyStopping: { patience, mode: 'min' },
    scan,
    validation: plan.validationGroupCount > 0 ? scan : null,
    warnings: [],
    numerics: () => ({ class: 'a' }),
    identity,
    // The result is the weights and the course of the run: all that a bundle is made of.
    publish: (weights, history, numerics) =>
      Promise.resolve([{ name: 'w', bytes: Buffer.from(JSON.stringify([[...weights], history, numerics])) }]),
    ...over,
  });
}

const bytesOf = async (job: TrainingJob): Promise<Uint8Array> => (await job.checkpoint()).bytes;

/** Closes the next round with answers that depend on the groups and the weights alone, as a worker's do. */
async function closeRound(job: TrainingJob): Promise<LedgerStep | undefined> {
  const { plan, position } = job;
  const place = { ...position, purpose: position.purpose as 'step' | 'validation' };
  const tasks = place.purpose === 'step' ? shardsOfStep(plan, place.stepInEpoch) : validationTasks(plan);
  for (let index = 0; index < tasks; index++) {
    const task = job.describe(place, { level: 0, index });
    const weights = new Float32Array(job.blob(task.weightsDigest)!.bytes.slice().buffer);
    const groups =
      place.purpose === 'step'
        ? microBatchOfStep(plan, place.epoch, place.stepInEpoch, index).filter((group) => group >= 0)
        : task.microBatches[0]!.filter((group) => group >= 0);
    const sum = groups.reduce((a, group) => a + Math.sin(group + 1), 0);
    const values =
      place.purpose === 'step' ? weights.map((w, i) => Math.fround(sum * w + i / 7)) : new Float32Array(0);
    const lossSum = weights.reduce((a, w) => a + w * w, 0) + Math.abs(sum);
    job.accept(place, { level: 0, index }, { lossSum, groupCount: groups.length, values });
  }
  expect(microBatchSize(plan)).toBeGreaterThan(0);
  return (await job.closeRound(place)).step;
}

interface Course {
  readonly result: Uint8Array;
  readonly ledger: readonly LedgerStep[];
  /** A checkpoint at every boundary, the start and the end included. */
  readonly checkpoints: readonly Uint8Array[];
}

async function drive(job: TrainingJob): Promise<Course> {
  const ledger: LedgerStep[] = [];
  const checkpoints = [await bytesOf(job)];
  while (job.position.purpose !== 'end') {
    const step = await closeRound(job);
    if (step !== undefined) ledger.push(step);
    checkpoints.push(await bytesOf(job));
  }
  return { result: (await job.finish())[0]!.bytes, ledger, checkpoints };
}

const equal = (one: Uint8Array, other: Uint8Array): boolean => Buffer.from(one).equals(other);

describe('a checkpoint of a training run', () => {
  it('taken at any boundary goes on to the same bytes, ledger and checkpoints', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (chosen) => {
        const calm = await drive(jobOf(chosen));
        for (const [boundary, checkpoint] of calm.checkpoints.entries()) {
          const job = jobOf(chosen);
          job.restore(checkpoint, 'checkpoint');
          const behind = stepsBefore(chosen.plan, job.position);
          const resumed = await drive(job);
          expect(equal(resumed.result, calm.result)).toBe(true);
          expect(resumed.ledger).toEqual(calm.ledger.slice(behind));
          const rest = calm.checkpoints.slice(boundary);
          expect(resumed.checkpoints.every((one, i) => equal(one, rest[i]!))).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('needs no first weights where the beginning of the ledger is known, and without one they are drawn', async () => {
    const chosen = fc.sample(cases, { numRuns: 1, seed: 5 })[0]!;
    const calm = await drive(jobOf(chosen));
    const { genesis } = jobOf(chosen).ledger;
    const drawn = (): Float32Array => {
      throw new Error('they are not needed');
    };
    const resumed = jobOf(chosen, { genesis, firstWeights: drawn });
    resumed.restore(calm.checkpoints[1]!, 'checkpoint');
    expect(equal((await drive(resumed)).result, calm.result)).toBe(true);
    const begun = jobOf(chosen, { genesis });
    begun.begin();
    expect(await drive(begun)).toEqual(calm);
    expect(begun.ledger).toEqual(jobOf(chosen).ledger);
  });

  it('does not hold what the present round has brought so far', async () => {
    const chosen = fc.sample(cases, { numRuns: 1, seed: 3 })[0]!;
    const job = jobOf(chosen);
    const before = await bytesOf(job);
    job.accept(
      { ...job.position, purpose: 'step' },
      { level: 0, index: 0 },
      {
        lossSum: 1,
        groupCount: 1,
        values: new Float32Array(size).fill(1),
      },
    );
    expect(equal(await bytesOf(job), before)).toBe(true);
  });

  it('is a copy: later steps do not change it', async () => {
    const job = jobOf(fc.sample(cases, { numRuns: 1, seed: 4 })[0]!);
    const before = Buffer.from(await bytesOf(job));
    const checkpoint = bytesOf(job);
    // While the file is being finished, and afterwards.
    await closeRound(job);
    expect(equal(await checkpoint, before)).toBe(true);
    await closeRound(job);
    expect(equal(await checkpoint, before)).toBe(true);
  });
});

describe('a checkpoint that does not fit', () => {
  const chosen: Case = {
    plan: {
      kind: 'training',
      groupCount: 8,
      validationGroupCount: 0,
      batchSize: 4,
      virtualShards: 2,
      epochs: 3,
      seed: 1,
      sequential: true,
      accumulationSteps: 2,
    },
    optimizer: 'adam',
    schedule: 'ReduceLROnPlateau',
    patience: 1,
    clips: false,
  };
  const refused = async (checkpoint: Uint8Array, over: Partial<TrainingSettings> = {}): Promise<string> => {
    const job = jobOf(chosen, over);
    const before = await bytesOf(job);
    try {
      job.restore(checkpoint, 'last.ckpt');
    } catch (error) {
      // Nothing may have been taken over of it.
      expect(equal(await bytesOf(job), before)).toBe(true);
      expect(error).toBeInstanceOf(Fault);
      return (error as Fault).message;
    }
    throw new Error('it was taken');
  };

  it('is refused with the field in which the runs differ', async () => {
    const { checkpoints } = await drive(jobOf(chosen));
    const other = { ...identity, spec: { training: { batchSize: 8, epochs: 3 } } };
    expect(await refused(checkpoints[1]!, { identity: other })).toMatch(
      /^training.batchSize: received 8, expected 4 as in last.ckpt; resume/,
    );
    expect(await refused(checkpoints[1]!, { identity: { ...identity, dataset: 'e' } })).toMatch(
      /^--train_data_file: received a scan with digest e, expected d/,
    );
  });

  it('is refused when it is cut anywhere, or when a bit of it is turned', async () => {
    const checkpoint = (await drive(jobOf(chosen))).checkpoints[3]!;
    for (let length = 0; length < checkpoint.length; length += 7)
      expect(await refused(checkpoint.slice(0, length))).toMatch(/^last.ckpt cannot be/);
    for (let at = 0; at < checkpoint.length; at += 13) {
      const turned = checkpoint.slice();
      turned[at]! ^= 1 << (at % 8);
      expect(await refused(turned)).toMatch(/^last.ckpt cannot be/);
    }
  });

  it('is refused where the run would have nothing left to do, and taken for a longer one', async () => {
    const { checkpoints } = await drive(jobOf(chosen));
    const end = checkpoints.at(-1)!;
    const shorter = { ...chosen.plan, epochs: 2 };
    expect(await refused(end, { plan: shorter })).toMatch(
      /^training.epochs: received 2, expected more than the 3/,
    );
    const longer = { ...chosen, plan: { ...chosen.plan, epochs: 5 } };
    const job = jobOf(longer, { identity: { ...identity, spec: { training: { batchSize: 4, epochs: 5 } } } });
    job.restore(end, 'last.ckpt');
    expect(equal((await drive(job)).result, (await drive(jobOf(longer))).result)).toBe(true);
  });
});

describe('the ledger of a job', () => {
  it('counts every group of every epoch once, step by step', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (chosen) => {
        const { ledger } = await drive(jobOf(chosen));
        expect(ledger.map(({ step }) => step)).toEqual(ledger.map((_, i) => i + 1));
        const perEpoch = new Map<number, number>();
        for (const { epoch, groups } of ledger) perEpoch.set(epoch, (perEpoch.get(epoch) ?? 0) + groups);
        expect([...perEpoch.values()].every((groups) => groups === chosen.plan.groupCount)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('begins elsewhere for another scan or another setting, and alike for a longer run', () => {
    const chosen = fc.sample(cases, { numRuns: 1, seed: 5 })[0]!;
    const genesis = (training: Record<string, unknown>, dataset = 'd') =>
      jobOf(chosen, { identity: { spec: { training }, dataset, validation: null } }).ledger.genesis;
    expect(genesis({ batchSize: 4, epochs: 3 })).toBe(genesis({ batchSize: 4, epochs: 9 }));
    const all = [genesis({ batchSize: 4 }), genesis({ batchSize: 8 }), genesis({ batchSize: 4 }, 'e')];
    expect(new Set(all).size).toBe(3);
    expect(genesis({ batchSize: 4 })).not.toBe(digestOfText(''));
  });
});
