import { assert, digestOf, digestOfText, Fault, type ContentDigest, type Digest } from '@ptychofleet/base';
import { canonicalJson, resumableParts } from '@ptychofleet/config';
import {
  addSlab,
  afterCheck,
  clipGradient,
  createOptimizer,
  createSchedule,
  divideByCount,
  euclideanNorm,
  ownHands,
  earlyStoppingStart,
  scaleSlab,
  slabDigests,
  SlabPool,
  slabToBytes,
  type Hands,
} from '@ptychofleet/params';
import {
  consecutiveGroups,
  microBatchOfStep,
  microBatchSize,
  optimiserMoves,
  positionAfter,
  runStart,
  stepsBefore,
  stepsPerEpoch,
  tasksOf,
  type Block,
  type RoundPurpose,
  type RunPosition,
  type TrainingPlan,
} from '@ptychofleet/run';
import { chained, type LedgerHead, type LedgerStep, type SealedFile } from '@ptychofleet/store';
import type {
  EpochSummary,
  Job,
  MadeFile,
  RoundOutcome,
  RoundPlace,
  TaskAnswer,
  TaskDescription,
} from './job.ts';
import { lasting, type JsonObject, type LentBytes, type NamedBytes } from '@ptychofleet/wire';
import { weightOfBatch } from './batch-weight.ts';
import { PublishedWeights } from './published-weights.ts';
import { StepSums } from './step-sums.ts';
import type { TrainingSettings } from './training-settings.ts';
import { decodeTrainingState, encodeTrainingState } from './training-state.ts';

/** What two workers deliver at once, and what waits in the tree for its sibling. */
const slabsKept = 8;

/** Training: master weights, canonical reduction, optimiser and schedule. Plain float32 arithmetic, no TensorFlow. */
export class TrainingJob implements Job {
  readonly plan: TrainingPlan;
  readonly patternsPerGroup: number;
  readonly warnings: readonly string[];
  readonly ledger: LedgerHead;
  readonly #settings: TrainingSettings;
  readonly #hands: Hands;
  readonly #optimizer;
  /** The master weights. */
  readonly #weights: Float32Array;
  readonly #schedule;
  readonly #published: PublishedWeights;
  readonly #history: EpochSummary[] = [];
  /** Sum over the steps since the optimiser moved last. */
  #accumulated: { gradient: Float32Array; groups: number } | null = null;
  readonly #slabs: SlabPool;
  #sums: StepSums;
  #validation: { lossSum: Float64Array; groups: number };
  #epochLossSum = 0;
  #epochGroups = 0;
  #stopping = earlyStoppingStart;
  #position: RunPosition = runStart;
  #chain: Digest;
  /** Of those who computed the steps: after a restart at the end nobody may be there to ask. */
  #numerics: JsonObject | null = null;

  constructor(settings: TrainingSettings) {
    const { plan, layout, hands = ownHands } = settings;
    this.#settings = settings;
    this.#hands = hands;
    this.plan = plan;
    this.warnings = settings.warnings;
    this.patternsPerGroup = settings.scan.scan.C;
    this.#optimizer = createOptimizer(settings.optimizer, layout.size, hands);
    this.#weights = this.#optimizer.room();
    this.#schedule = createSchedule(settings.schedule);
    this.#slabs = new SlabPool(layout.size, slabsKept);
    this.#sums = new StepSums(plan, this.#slabs.give, hands);
    this.#validation = this.#emptyValidation();
    this.#published = new PublishedWeights(layout, hands);
    if (settings.genesis === undefined) this.begin();
    this.#chain = settings.genesis ?? this.#genesis();
    this.ledger = { genesis: this.#chain, tensors: layout.tensors.map(({ name }) => name) };
  }

  /** Puts the first weights in place. */
  begin(): void {
    const { layout, firstWeights } = this.#settings;
    const weights = firstWeights();
    assert(weights.length === layout.size, 'weights fit the layout');
    this.#weights.set(weights);
    this.#published.publish(this.#weights);
  }

  /** Of the first weights, while they are in place. */
  #genesis(): Digest {
    const { layout, identity } = this.#settings;
    const { spec, dataset, validation } = identity;
    const first = digestOf(slabToBytes(this.#weights));
    return digestOfText(canonicalJson([resumableParts(spec), dataset, validation, layout.digest, first]));
  }

  get position(): RunPosition {
    return this.#position;
  }

  get numerics(): JsonObject | null {
    return this.#numerics;
  }

  get history(): readonly EpochSummary[] {
    return this.#history;
  }

  checkpoint(used: Uint8Array | null = null): Promise<SealedFile> {
    const state = {
      identity: this.#settings.identity,
      position: this.#position,
      chain: this.#chain,
      numerics: this.#numerics,
      weights: this.#weights,
      optimizer: this.#optimizer.lendState(),
      schedule: this.#schedule.exportState(),
      stopping: this.#stopping,
      accumulated: this.#accumulated,
      epochLossSum: this.#epochLossSum,
      epochGroups: this.#epochGroups,
      history: this.#history,
    };
    return encodeTrainingState(state, used);
  }

  /**
   * Goes on where a checkpoint was made; nothing may have been computed yet.
   * @param label names the checkpoint in errors.
   * @throws Fault when it is damaged or of another run, and then nothing has changed
   */
  restore(bytes: Uint8Array, label: string): void {
    const { layout, identity } = this.#settings;
    const state = decodeTrainingState(bytes, label, { plan: this.plan, size: layout.size, identity });
    this.#optimizer.importState(state.optimizer);
    this.#weights.set(state.weights);
    if (state.schedule !== null) this.#schedule.importState(state.schedule);
    this.#stopping = state.stopping;
    this.#accumulated = state.accumulated;
    this.#epochLossSum = state.epochLossSum;
    this.#epochGroups = state.epochGroups;
    this.#history.splice(0, this.#history.length, ...state.history);
    this.#position = state.position;
    this.#chain = state.chain;
    this.#numerics = state.numerics;
    this.#published.publish(this.#weights);
  }

  learningRate(epoch: number): number {
    return this.#schedule.rate(epoch);
  }

  valueCount(purpose: RoundPurpose): number {
    return purpose === 'step' ? this.#settings.layout.size : 0;
  }

  memory(purpose: RoundPurpose): Float32Array {
    return purpose === 'step' ? this.#slabs.take() : new Float32Array(this.valueCount(purpose));
  }

  describe(place: RoundPlace, block: Block): TaskDescription {
    const { model, loss, scan, validation } = this.#settings;
    const common = { model, loss, weightsDigest: this.#published.digest, cropSide: 0 };
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

  accept(place: RoundPlace, block: Block, answer: TaskAnswer): void {
    if (place.purpose === 'step') this.#sums.add(block, answer);
    else {
      this.#validation.lossSum[block.index] = answer.lossSum;
      this.#validation.groups += answer.groupCount;
    }
  }

  voidRound(): void {
    this.#sums = new StepSums(this.plan, this.#slabs.give, this.#hands);
    this.#validation = this.#emptyValidation();
  }

  async closeRound(place: RoundPlace): Promise<RoundOutcome> {
    await Promise.resolve();
    const { purpose, epoch, stepInEpoch } = this.#position;
    assert(
      purpose === place.purpose && epoch === place.epoch && stepInEpoch === place.stepInEpoch,
      'rounds close in their order',
    );
    const outcome = place.purpose === 'validation' ? this.#endValidation(place) : this.#endRoundOfStep(place);
    this.#position = positionAfter(this.plan, this.#position, outcome.stop !== undefined);
    return outcome;
  }

  async finish(): Promise<readonly MadeFile[]> {
    return this.#settings.publish(this.#weights, this.#history, this.#numerics ?? {});
  }

  blob(digest: ContentDigest): LentBytes | null {
    const { scan, validation } = this.#settings;
    for (const published of [scan, validation])
      if (published?.digest === digest) return lasting(published.bytes);
    return this.#published.lend(digest);
  }

  next(digest: ContentDigest, gone: AbortSignal): Promise<NamedBytes | null> | null {
    return this.#published.next(digest, gone);
  }

  close(): void {
    this.#published.close();
  }

  #endValidation({ epoch }: RoundPlace): RoundOutcome {
    const loss = this.#validation.lossSum.reduce((sum, value) => sum + value, 0) / this.#validation.groups;
    return { loss, ...this.#endEpoch(epoch, loss) };
  }

  #endRoundOfStep(place: RoundPlace): RoundOutcome {
    const { step, ...norm } = this.#endStep(place);
    const lastStep = place.stepInEpoch + 1 === stepsPerEpoch(this.plan);
    const epochEnds = lastStep && this.plan.validationGroupCount === 0;
    const outcome = {
      loss: step.loss,
      step,
      ...norm,
      ...(epochEnds ? this.#endEpoch(place.epoch, null) : {}),
    };
    if (step.step !== this.#settings.stopAfterStep) return outcome;
    return { ...outcome, stop: `asked to stop after step ${step.step}` };
  }

  /** Adds the step up and moves the optimiser when it is time; returns what goes into the ledger. */
  #endStep(place: RoundPlace): Pick<RoundOutcome, 'gradientNorm'> & { readonly step: LedgerStep } {
    const { plan } = this;
    const { gradient, lossSum: unweighted, groups } = this.#sums.finish(place.stepInEpoch);
    const { loss, scan } = this.#settings;
    const weight = loss.normalizer === 'batch' ? weightOfBatch(plan, scan.scan, place) : 1;
    scaleSlab(gradient, weight, this.#hands);
    const lossSum = unweighted * weight;
    // Before it is added to, divided and clipped.
    const merged = slabDigests(this.#settings.layout, gradient, this.#hands);
    this.#numerics ??= this.#settings.numerics();
    this.#accumulate(gradient, groups);
    const gradientNorm = optimiserMoves(plan, place.stepInEpoch) ? this.#optimise(place) : undefined;
    this.voidRound();
    this.#epochLossSum += lossSum;
    this.#epochGroups += groups;
    const entry = chained(this.#chain, {
      step: stepsBefore(plan, place) + 1,
      epoch: place.epoch + 1,
      stepInEpoch: place.stepInEpoch + 1,
      groups,
      loss: lossSum / groups,
      gradient: merged.digest,
      gradientTensors: merged.tensors,
      weights: this.#published.digest,
      weightTensors: this.#published.tensors,
    });
    this.#chain = entry.chain;
    return { step: entry, ...(gradientNorm === undefined ? {} : { gradientNorm }) };
  }

  /** Steps follow one another, so the order of these additions is fixed without a tree. */
  #accumulate(gradient: Float32Array, groups: number): void {
    const before = this.#accumulated;
    if (before === null) {
      this.#accumulated = { gradient, groups };
      return;
    }
    addSlab(before.gradient, gradient, this.#hands);
    before.groups += groups;
    this.#slabs.give(gradient);
  }

  /**
   * One optimiser step from the mean over the groups of all steps added up: never a mean of means.
   * @returns the gradient's norm before clipping, when it is to be reported
   */
  #optimise({ epoch, stepInEpoch }: RoundPlace): number | undefined {
    const { layout, clipping, gradientNormEvery } = this.#settings;
    const weights = this.#weights;
    assert(this.#accumulated !== null, 'a gradient is there');
    const { gradient, groups } = this.#accumulated;
    this.#accumulated = null;
    divideByCount(gradient, groups, this.#hands);
    const { accumulationSteps } = this.plan;
    const movesPerEpoch = Math.ceil(stepsPerEpoch(this.plan) / accumulationSteps);
    const movesBefore = epoch * movesPerEpoch + Math.floor(stepInEpoch / accumulationSteps);
    const reported = gradientNormEvery !== null && movesBefore % gradientNormEvery === 0;
    const norm = reported ? euclideanNorm(gradient) : undefined;
    if (clipping !== null) clipGradient(gradient, layout, clipping, weights);
    this.#optimizer.step(weights, gradient, this.#schedule.rate(epoch));
    this.#slabs.give(gradient);
    this.#published.publish(weights);
    return norm;
  }

  #endEpoch(epoch: number, validationLoss: number | null): Pick<RoundOutcome, 'epoch' | 'stop'> {
    const trainLoss = this.#epochLossSum / this.#epochGroups;
    const learningRate = this.#schedule.rate(epoch);
    const summary = { trainLoss, validationLoss, learningRate, weightsDigest: this.#published.digest };
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
}
