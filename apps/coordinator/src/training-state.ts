import { Fault, isContentDigest, isDigest, type ContentDigest, type Digest } from '@ptychofleet/base';
import { firstDifferingField, resumableParts } from '@ptychofleet/config';
import type { EarlyStoppingState, OptimizerState, ScheduleState } from '@ptychofleet/params';
import { stepsPerEpoch, type RunPosition, type TrainingPlan } from '@ptychofleet/run';
import { decodeSlabFile, encodeSlabFile, type SealedFile } from '@ptychofleet/store';
import type { JsonObject, JsonValue } from '@ptychofleet/wire';
import { z } from 'zod';
import type { EpochSummary } from './job.ts';

/** What decides a run's bits: a checkpoint goes on in a run of the same identity only. */
export interface RunIdentity {
  readonly spec: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly dataset: string;
  readonly validation: string | null;
}

/** A training run between two rounds, complete: whoever restores it goes on with the same bits. */
export interface TrainingState {
  readonly identity: RunIdentity;
  readonly position: RunPosition;
  /** Chain of the ledger up to here. */
  readonly chain: Digest;
  /** Of the workers that computed it; null before the first step. */
  readonly numerics: JsonObject | null;
  readonly weights: Float32Array;
  readonly optimizer: OptimizerState;
  readonly schedule: ScheduleState;
  readonly stopping: EarlyStoppingState;
  /** Gradient of the steps since the optimiser moved last, and their groups. */
  readonly accumulated: { readonly gradient: Float32Array; readonly groups: number } | null;
  readonly epochLossSum: number;
  readonly epochGroups: number;
  readonly history: readonly EpochSummary[];
}

const stateVersion = 1;
const anyNumber = z.custom<number>((value) => typeof value === 'number');
const count = z.int().min(0);
const digest = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value));
const weightsDigest = z.custom<ContentDigest>((value) => typeof value === 'string' && isContentDigest(value));

const metaSchema = z.strictObject({
  version: z.literal(stateVersion),
  identity: z.strictObject({
    spec: z.record(z.string(), z.record(z.string(), z.unknown())),
    dataset: z.string(),
    validation: z.string().nullable(),
  }),
  position: z.strictObject({
    purpose: z.enum(['step', 'validation', 'end']),
    epoch: count,
    stepInEpoch: count,
  }),
  chain: digest,
  numerics: z.record(z.string(), z.custom<JsonValue>()).nullable(),
  optimizerSteps: count,
  schedule: z.strictObject({ rate: anyNumber, best: anyNumber.nullable(), badChecks: count }).nullable(),
  stopping: z.strictObject({ best: anyNumber.nullable(), badChecks: count, stop: z.boolean() }),
  accumulatedGroups: count.nullable(),
  epochLossSum: anyNumber,
  epochGroups: count,
  history: z.array(
    z.strictObject({
      trainLoss: anyNumber,
      validationLoss: anyNumber.nullable(),
      learningRate: anyNumber,
      weightsDigest,
    }),
  ),
});

/**
 * Copies the state before it returns: it may change while the file is finished.
 * @param used an earlier checkpoint that is stored: its memory is written anew.
 */
export function encodeTrainingState(
  state: TrainingState,
  used: Uint8Array | null = null,
): Promise<SealedFile> {
  const { identity, position, chain, numerics, optimizer, schedule, stopping, accumulated, history } = state;
  const meta: z.input<typeof metaSchema> = {
    version: stateVersion,
    identity: { ...identity, spec: { ...identity.spec } },
    position,
    chain,
    numerics: numerics === null ? null : { ...numerics },
    optimizerSteps: optimizer.stepCount,
    schedule,
    stopping,
    accumulatedGroups: accumulated?.groups ?? null,
    epochLossSum: state.epochLossSum,
    epochGroups: state.epochGroups,
    history: [...history],
  };
  const moments = Object.entries(optimizer.slabs).map(([name, slab]) => [`optimizer.${name}`, slab] as const);
  const slabs = new Map<string, Float32Array>([['weights', state.weights], ...moments]);
  if (accumulated !== null) slabs.set('accumulated', accumulated.gradient);
  return encodeSlabFile({ meta, slabs }, used);
}

/** What a state has to fit to. */
export interface StateExpectation {
  readonly plan: TrainingPlan;
  /** Floats of the weights. */
  readonly size: number;
  readonly identity: RunIdentity;
}

/**
 * @param label names the checkpoint in errors.
 * @throws Fault when it is damaged, or belongs to another run: then with the field that differs
 */
export function decodeTrainingState(
  bytes: Uint8Array,
  label: string,
  { plan, size, identity }: StateExpectation,
): TrainingState {
  const { meta, slabs } = decodeSlabFile(bytes, label);
  const parsed = metaSchema.safeParse(meta);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join('.') || 'header';
    throw damaged(label, `its ${where} is not as this version writes it`);
  }
  const { optimizerSteps, accumulatedGroups, position, ...rest } = parsed.data;
  requireSameRun(label, rest.identity, identity);
  requirePlace(label, position, plan, rest.history.length);
  for (const [name, slab] of slabs) {
    if (slab.length !== size) throw damaged(label, `${name} has ${slab.length} values, expected ${size}`);
  }
  const weights = slabs.get('weights');
  const gradient = slabs.get('accumulated');
  if (weights === undefined || (gradient === undefined) !== (accumulatedGroups === null))
    throw damaged(label, 'it lacks arrays that its header promises');
  const moments = [...slabs].filter(([name]) => name.startsWith('optimizer.'));
  return {
    ...rest,
    position: onwards(position, plan, rest.stopping.stop),
    weights,
    optimizer: {
      stepCount: optimizerSteps,
      slabs: Object.fromEntries(moments.map(([name, slab]) => [name.slice('optimizer.'.length), slab])),
    },
    accumulated: gradient === undefined ? null : { gradient, groups: accumulatedGroups ?? 0 },
  };
}

function requireSameRun(label: string, theirs: RunIdentity, ours: RunIdentity): void {
  const field = firstDifferingField(resumableParts(theirs.spec), resumableParts(ours.spec));
  if (field !== null) {
    const [was, now] = [JSON.stringify(field.one), JSON.stringify(field.other)];
    throw new Fault(
      'invalid-input',
      `${field.path}: received ${now ?? 'nothing'}, expected ${was ?? 'nothing'} as in ${label}; resume with the settings that the run began with`,
      { field: field.path, received: now ?? 'nothing', expected: was ?? 'nothing' },
    );
  }
  for (const key of ['dataset', 'validation'] as const) {
    if (theirs[key] === ours[key]) continue;
    const what = key === 'dataset' ? '--train_data_file' : '--test_data_file';
    throw new Fault(
      'invalid-input',
      `${what}: received a scan with digest ${ours[key] ?? 'none'}, expected ${theirs[key] ?? 'none'} as in ${label}; resume with the scan that the run began with`,
      { field: what, received: ours[key] ?? 'none', expected: theirs[key] ?? 'none' },
    );
  }
}

function requirePlace(label: string, position: RunPosition, plan: TrainingPlan, epochs: number): void {
  const { purpose, epoch, stepInEpoch } = position;
  const last = stepsPerEpoch(plan);
  const within = purpose === 'step' ? stepInEpoch < last : stepInEpoch <= last;
  const validates = purpose === 'validation';
  if (!within || epoch !== epochs || (validates && (plan.validationGroupCount === 0 || stepInEpoch !== last)))
    throw damaged(label, 'it stands where no run can stand');
  if (epoch > plan.epochs || (epoch === plan.epochs && purpose !== 'end')) {
    throw new Fault(
      'invalid-input',
      `training.epochs: received ${plan.epochs}, expected more than the ${epoch} that ${label} has behind it`,
      { field: 'training.epochs', received: String(plan.epochs), expected: `more than ${epoch}` },
    );
  }
}

/** A run that was over goes on when it is to be longer; one that was stopped early stays over. */
function onwards(position: RunPosition, plan: TrainingPlan, stopped: boolean): RunPosition {
  if (position.purpose !== 'end' || stopped || position.epoch >= plan.epochs) return position;
  return { ...position, purpose: position.stepInEpoch === stepsPerEpoch(plan) ? 'validation' : 'step' };
}

function damaged(label: string, why: string): Fault {
  return new Fault('data-loss', `${label} cannot be used: ${why}; use another checkpoint`, { field: label });
}
