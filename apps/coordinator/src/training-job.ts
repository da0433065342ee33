import { assert, digestOf, Fault, type Digest } from '@ptychofleet/base';
import type { LossSpec, ModelSpec } from '@ptychofleet/config';
import type { PreparedScan } from '@ptychofleet/data';
import {
  afterCheck,
  clipGradient,
  createOptimizer,
  createSchedule,
  divideByCount,
  earlyStoppingStart,
  ScalarTree,
  slabToBytes,
  TreeReduction,
  type ClippingSpec,
  type EarlyStoppingSpec,
  type OptimizerSpec,
  type ParameterLayout,
  type ScheduleSpec,
} from '@ptychofleet/params';
import {
  consecutiveGroups,
  microBatchOfStep,
  microBatchSize,
  optimiserMoves,
  shardsOfStep,
  stepsPerEpoch,
  tasksOf,
  type Block,
  type TrainingPlan,
} from '@ptychofleet/run';
import type {
  EpochSummary,
  Job,
  MadeFile,
  RoundOutcome,
  RoundPlace,
  TaskAnswer,
  TaskDescription,
} from './job.ts';

export interface TrainingSettings {
  readonly plan: TrainingPlan;
  readonly model: ModelSpec;
  readonly loss: LossSpec;
  readonly layout: ParameterLayout;
  /** Changed in place, step by step. */
  readonly weights: Float32Array;
  readonly optimizer: OptimizerSpec;
  readonly schedule: ScheduleSpec;
  readonly clipping: ClippingSpec | null;
  readonly earlyStopping: EarlyStoppingSpec;
  readonly scan: PublishedScan;
  readonly validation: PublishedScan | null;
  readonly warnings: readonly string[];
  /** Makes the run's files from the final weights. */
  readonly publish: (weights: Float32Array, history: readonly EpochSummary[]) => Promise<readonly MadeFile[]>;
}

/** A prepared scan with the bytes that workers pull. */
export interface PublishedScan {
  readonly scan: PreparedScan;
  readonly bytes: Uint8Array;
  readonly digest: Digest;
}

/** Training: master weights, canonical reduction, optimiser and schedule. Plain float32 arithmetic, no TensorFlow. */
export class TrainingJob implements Job {
  readonly plan: TrainingPlan;
  readonly patternsPerGroup: number;
  readonly warnings: readonly string[];
  readonly #settings: TrainingSettings;
  readonly #optimizer;
  readonly #schedule;
  readonly #weightBytes = new Map<Digest, Uint8Array>();
  readonly #history: EpochSummary[] = [];
  /** Sum over the steps since the optimiser moved last. */
  #accumulated: { gradient: Float32Array; groups: number } | null = null;
  #weightsDigest: Digest;
  #gradient: TreeReduction;
  #losses: ScalarTree;
  #counts: ScalarTree;
  #validation: { lossSum: Float64Array; groups: number };
  #epochLossSum = 0;
  #epochGroups = 0;
  #stopping = earlyStoppingStart;

  constructor(settings: TrainingSettings) {
    const { plan, layout, weights } = settings;
    assert(weights.length === layout.size, 'weights fit the layout');
    this.#settings = settings;
    this.plan = plan;
    this.warnings = settings.warnings;
    this.patternsPerGroup = settings.scan.scan.C;
    this.#optimizer = createOptimizer(settings.optimizer, layout.size);
    this.#schedule = createSchedule(settings.schedule);
    this.#gradient = new TreeReduction(plan.virtualShards);
    this.#losses = new ScalarTree(plan.virtualShards);
    this.#counts = new ScalarTree(plan.virtualShards);
    this.#validation = this.#emptyValidation();
    this.#weightsDigest = this.#publishWeights();
  }

  learningRate(epoch: number): number {
    return this.#schedule.rate(epoch);
  }

  valueCount(place: RoundPlace): number {
    return place.purpose === 'step' ? this.#settings.layout.size : 0;
  }

  describe(place: RoundPlace, block: Block): TaskDescription {
    const { model, loss, scan, validation } = this.#settings;
    const common = { model, loss, weightsDigest: this.#weightsDigest, cropSide: 0 };
    if (place.purpose === 'step') {
      const microBatches = tasksOf(block).map((shard) =>
        microBatchOfStep(this.plan, place.epoch, place.stepInEpoch, shard),
      );
      return { ...common, kind: 'TASK_KIND_GRADIENT', scanDigest: scan.digest, microBatches };
    }
    assert(validation !== null, 'a validation round has data');
    const size = microBatchSize(this.plan);
    const microBatches = [consecutiveGroups(size, this.plan.validationGroupCount, block.index)];
    return { ...common, kind: 'TASK_KIND_LOSS', scanDigest: validation.digest, microBatches };
  }

  accept(place: RoundPlace, { level, index }: Block, answer: TaskAnswer): void {
    if (place.purpose === 'step') {
      this.#gradient.addNode(level, index, answer.values, 'owned');
      this.#losses.addNode(level, index, answer.lossSum);
      this.#counts.addNode(level, index, answer.groupCount);
    } else {
      this.#validation.lossSum[index] = answer.lossSum;
      this.#validation.groups += answer.groupCount;
    }
  }

  async closeRound(place: RoundPlace): Promise<RoundOutcome> {
    await Promise.resolve();
    if (place.purpose === 'validation') {
      const loss = this.#validation.lossSum.reduce((sum, value) => sum + value, 0) / this.#validation.groups;
      return { loss, ...this.#endEpoch(place.epoch, loss) };
    }
    const loss = this.#endStep(place);
    const lastStep = place.stepInEpoch + 1 === stepsPerEpoch(this.plan);
    const epochEnds = lastStep && this.plan.validationGroupCount === 0;
    return { loss, ...(epochEnds ? this.#endEpoch(place.epoch, null) : {}) };
  }

  async finish(): Promise<readonly MadeFile[]> {
    return this.#settings.publish(this.#settings.weights, this.#history);
  }

  blob(digest: Digest): Uint8Array | null {
    const { scan, validation } = this.#settings;
    for (const published of [scan, validation]) if (published?.digest === digest) return published.bytes;
    return this.#weightBytes.get(digest) ?? null;
  }

  /** Adds the step up and moves the optimiser when it is time; returns the mean loss of the step's groups. */
  #endStep(place: RoundPlace): number {
    const { plan } = this;
    // Shards beyond a short last batch have no groups: the identity of the sum.
    for (let shard = shardsOfStep(plan, place.stepInEpoch); shard < plan.virtualShards; shard++) {
      this.#gradient.add(shard, null);
      this.#losses.addNode(0, shard, null);
      this.#counts.addNode(0, shard, null);
    }
    const gradient = this.#gradient.result();
    const lossSum = this.#losses.root();
    const groups = this.#counts.root();
    assert(gradient !== null && lossSum !== null && groups !== null, 'a step has groups');
    const expected = Math.min(plan.batchSize, plan.groupCount - place.stepInEpoch * plan.batchSize);
    assert(groups === expected, `step reduced ${groups} groups, ${expected} were handed out`);
    this.#accumulate(gradient, groups);
    if (optimiserMoves(plan, place.stepInEpoch)) this.#optimise(place.epoch);
    this.#gradient = new TreeReduction(plan.virtualShards);
    this.#losses = new ScalarTree(plan.virtualShards);
    this.#counts = new ScalarTree(plan.virtualShards);
    this.#epochLossSum += lossSum;
    this.#epochGroups += groups;
    return lossSum / groups;
  }

  /** Steps follow one another, so the order of these additions is fixed without a tree. */
  #accumulate(gradient: Float32Array, groups: number): void {
    const before = this.#accumulated;
    if (before === null) {
      this.#accumulated = { gradient, groups };
      return;
    }
    const sum = before.gradient;
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (gradient[i] as number);
    before.groups += groups;
  }

  /** One optimiser step from the mean over the groups of all steps added up: never a mean of means. */
  #optimise(epoch: number): void {
    const { weights, layout, clipping } = this.#settings;
    assert(this.#accumulated !== null, 'a gradient is there');
    const { gradient, groups } = this.#accumulated;
    this.#accumulated = null;
    divideByCount(gradient, groups);
    if (clipping !== null) clipGradient(gradient, layout, clipping, weights);
    this.#optimizer.step(weights, gradient, this.#schedule.rate(epoch));
    this.#weightsDigest = this.#publishWeights();
  }

  #endEpoch(epoch: number, validationLoss: number | null): Pick<RoundOutcome, 'epoch' | 'stop'> {
    const trainLoss = this.#epochLossSum / this.#epochGroups;
    const learningRate = this.#schedule.rate(epoch);
    const summary = { trainLoss, validationLoss, learningRate, weightsDigest: this.#weightsDigest };
    this.#history.push(summary);
    this.#epochLossSum = this.#epochGroups = 0;
    this.#validation = this.#emptyValidation();
    this.#schedule.observe(validationLoss ?? trainLoss);
    if (!Number.isFinite(trainLoss)) {
      throw new Fault(
        'run-failed',
        `training diverged in epoch ${epoch + 1} (loss ${trainLoss}); lower --learning-rate or set a gradient clip`,
      );
    }
    if (validationLoss === null) return { epoch: summary };
    this.#stopping = afterCheck(this.#stopping, validationLoss, this.#settings.earlyStopping);
    const { patience } = this.#settings.earlyStopping;
    if (!this.#stopping.stop) return { epoch: summary };
    return { epoch: summary, stop: `no better validation loss in ${patience} epochs: stopped early` };
  }

  #emptyValidation(): { lossSum: Float64Array; groups: number } {
    const tasks = Math.ceil(this.plan.validationGroupCount / microBatchSize(this.plan));
    return { lossSum: new Float64Array(tasks), groups: 0 };
  }

  /** A copy of the weights under their digest; the step before stays readable for workers that are just pulling it. */
  #publishWeights(): Digest {
    const bytes = slabToBytes(this.#settings.weights).slice();
    const digest = digestOf(bytes);
    this.#weightBytes.set(digest, bytes);
    for (const old of this.#weightBytes.keys()) {
      if (this.#weightBytes.size <= 2) break;
      this.#weightBytes.delete(old);
    }
    return digest;
  }
}
