import { assert, Permutation } from '@ptychofleet/base';

/** The counts that fix which groups are in which micro-batch. A pure function of the run spec and the data's size. */
export interface TrainingPlan {
  readonly kind: 'training';
  readonly groupCount: number;
  readonly validationGroupCount: number;
  readonly batchSize: number;
  /** Slots of the global batch, a power of two: the leaves of the reduction tree (architecture §4). */
  readonly virtualShards: number;
  readonly epochs: number;
  readonly seed: number;
  /** Groups in file order instead of a new permutation per epoch. */
  readonly sequential: boolean;
  /** Steps whose gradients are added up before the optimiser moves; the last of an epoch move it with what there is. */
  readonly accumulationSteps: number;
}

export interface InferencePlan {
  readonly kind: 'inference';
  readonly groupCount: number;
  /** Groups per task: every task has this fixed shape. */
  readonly batchSize: number;
}

export type Plan = TrainingPlan | InferencePlan;

export function microBatchSize(plan: TrainingPlan): number {
  const size = plan.batchSize / plan.virtualShards;
  assert(
    Number.isInteger(size) && size >= 1,
    `batch ${plan.batchSize} does not split into ${plan.virtualShards}`,
  );
  return size;
}

export function stepsPerEpoch(plan: TrainingPlan): number {
  return Math.ceil(plan.groupCount / plan.batchSize);
}

/** Whether the optimiser moves after this step, or its gradient waits for those of the next ones. */
export function optimiserMoves(plan: TrainingPlan, stepInEpoch: number): boolean {
  const done = stepInEpoch + 1;
  return done % plan.accumulationSteps === 0 || done === stepsPerEpoch(plan);
}

export function stepCount(plan: Plan): number {
  return plan.kind === 'training' ? stepsPerEpoch(plan) * plan.epochs : inferenceTasks(plan);
}

/** What a round of tasks is for. A training run alternates steps and, after each epoch, one validation round. */
export type RoundPurpose = 'step' | 'validation' | 'inference';

/** Where a training run stands: the round that comes next. `end` when there is none. */
export interface RunPosition {
  readonly purpose: 'step' | 'validation' | 'end';
  /** Epochs finished. */
  readonly epoch: number;
  /** Steps finished in the present epoch. */
  readonly stepInEpoch: number;
}

export const runStart: RunPosition = { purpose: 'step', epoch: 0, stepInEpoch: 0 };

/** Steps finished over the whole run. */
export function stepsBefore(
  plan: TrainingPlan,
  { epoch, stepInEpoch }: Pick<RunPosition, 'epoch' | 'stepInEpoch'>,
): number {
  return epoch * stepsPerEpoch(plan) + stepInEpoch;
}

/** The position after a round; `stop` ends the run there, even within an epoch. */
export function positionAfter(plan: TrainingPlan, ended: RunPosition, stop: boolean): RunPosition {
  assert(ended.purpose !== 'end', 'nothing follows the end');
  let { epoch, stepInEpoch } = ended;
  let next: RunPosition['purpose'] = 'step';
  if (ended.purpose === 'step') stepInEpoch += 1;
  if (ended.purpose === 'step' && stepInEpoch === stepsPerEpoch(plan) && plan.validationGroupCount > 0) {
    next = 'validation';
  } else if (stepInEpoch === stepsPerEpoch(plan)) {
    epoch += 1;
    stepInEpoch = 0;
  }
  return { purpose: stop || epoch >= plan.epochs ? 'end' : next, epoch, stepInEpoch };
}

/** Shards of a step that have groups: all but in a short last batch. */
export function shardsOfStep(plan: TrainingPlan, stepInEpoch: number): number {
  return Math.min(plan.virtualShards, plan.groupCount - stepInEpoch * plan.batchSize);
}

export function inferenceTasks(plan: InferencePlan): number {
  return Math.ceil(plan.groupCount / plan.batchSize);
}

export function validationTasks(plan: TrainingPlan): number {
  return Math.ceil(plan.validationGroupCount / microBatchSize(plan));
}

/**
 * Groups of micro-batch `shard` of step `stepInEpoch` (both from 0), -1 where the batch is short. It depends on
 * (seed, epoch, step, shard) alone: never on a worker, never on history.
 */
export function microBatchOfStep(
  plan: TrainingPlan,
  epoch: number,
  stepInEpoch: number,
  shard: number,
): Int32Array {
  const size = microBatchSize(plan);
  const order = plan.sequential ? null : new Permutation(plan.groupCount, plan.seed, 'epoch-order', epoch);
  const batchStart = stepInEpoch * plan.batchSize;
  const present = Math.min(plan.batchSize, plan.groupCount - batchStart);
  assert(present > 0, `step ${stepInEpoch} is beyond the epoch`);
  return Int32Array.from({ length: size }, (_, i) => {
    // A short last batch is dealt round robin, so that its few groups occupy as many workers as possible.
    const place = present === plan.batchSize ? shard * size + i : i * plan.virtualShards + shard;
    if (place >= present) return -1;
    const index = batchStart + place;
    return order === null ? index : order.at(index);
  });
}

/** Groups of task `task` where the order is the file's: validation and inference. */
export function consecutiveGroups(size: number, groupCount: number, task: number): Int32Array {
  return Int32Array.from({ length: size }, (_, i) => {
    const index = task * size + i;
    return index < groupCount ? index : -1;
  });
}
