import { digestOf, digestOfText, type Digest } from '@ptychofleet/base';
import {
  createOptimizer,
  divideByCount,
  slabToBytes,
  type OptimizerSpec,
  type OptimizerState,
} from '@ptychofleet/params';
import {
  consecutiveGroups,
  microBatchOfStep,
  microBatchSize,
  tasksOf,
  type Block,
  positionAfter,
  runStart,
  type RoundPurpose,
  type RunPosition,
  type TrainingPlan,
} from '@ptychofleet/run';
import { StepSums } from '../../apps/coordinator/src/step-sums.ts';
import { digestOfWords, initialWeights, weightCount, type SyntheticGradient } from './synthetic-gradient.ts';

export const adam: OptimizerSpec = {
  kind: 'adam',
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-7,
  weightDecay: 0,
  momentum: 0,
};
export const learningRate = 0.01;

export interface Place {
  readonly purpose: RoundPurpose;
  readonly epoch: number;
  readonly stepInEpoch: number;
}

/** What a checkpoint holds. */
export interface TrainingSnapshot {
  readonly position: RunPosition;
  readonly weights: Float32Array;
  readonly optimizer: OptimizerState;
  readonly history: string[];
  readonly version: number;
}

/** The numeric side of a simulated run: the coordinator's training job over the synthetic gradient, same library calls. */
export class SyntheticTraining {
  readonly plan: TrainingPlan;
  readonly #weights = initialWeights();
  readonly #optimizer = createOptimizer(adam, weightCount);
  #position = runStart;
  /** The present weights and those of the step before, which a late worker may still be pulling. */
  readonly #published = new Map<string, Float32Array>();
  #history: string[] = [];
  #weightsName = '';
  #version = 0;
  #sums: StepSums;
  #validation: number[] = [];

  constructor(plan: TrainingPlan, from: TrainingSnapshot | null = null) {
    this.plan = plan;
    if (from !== null) this.#restore(from);
    this.#sums = new StepSums(plan, spoil);
    this.#publish();
  }

  /** What a worker asks for; a counter instead of a digest, since hashing would be most of the simulation. */
  get weightsName(): string {
    return this.#weightsName;
  }

  weights(name: string): Float32Array | undefined {
    return this.#published.get(name);
  }

  microBatches(place: Place, block: Block): Int32Array[] {
    const { plan } = this;
    if (place.purpose === 'step') {
      return tasksOf(block).map((shard) => microBatchOfStep(plan, place.epoch, place.stepInEpoch, shard));
    }
    const size = microBatchSize(plan);
    return tasksOf(block).map((task) => consecutiveGroups(size, plan.validationGroupCount, task));
  }

  accept(place: Place, block: Block, answer: SyntheticGradient): void {
    const { lossSum, groupCount, gradient } = answer;
    if (place.purpose === 'step') this.#sums.add(block, { lossSum, groupCount, values: gradient.slice() });
    else this.#validation[block.index] = lossSum;
  }

  voidRound(): void {
    this.#sums = new StepSums(this.plan, spoil);
    this.#validation = [];
  }

  get position(): RunPosition {
    return this.#position;
  }

  /** All that a restart needs; a copy. */
  snapshot(): TrainingSnapshot {
    const { stepCount, slabs } = this.#optimizer.lendState();
    const copies = Object.entries(slabs).map(([name, slab]) => [name, slab.slice()] as const);
    return {
      position: this.#position,
      weights: this.#weights.slice(),
      optimizer: { stepCount, slabs: Object.fromEntries(copies) },
      history: [...this.#history],
      version: this.#version,
    };
  }

  #restore(from: TrainingSnapshot): void {
    const { position, weights, optimizer, history, version } = from;
    this.#position = position;
    this.#weights.set(weights);
    this.#optimizer.importState(optimizer);
    this.#history = [...history];
    this.#version = version - 1;
  }

  closeRound(place: Place): void {
    this.#position = positionAfter(this.plan, this.#position, false);
    if (place.purpose === 'validation') {
      const sum = this.#validation.reduce((total, value) => total + value, 0);
      this.#history.push(`validation ${sum / this.plan.validationGroupCount}`);
      this.#validation = [];
      return;
    }
    const { gradient, lossSum, groups } = this.#sums.finish(place.stepInEpoch);
    divideByCount(gradient, groups);
    this.#optimizer.step(this.#weights, gradient, learningRate);
    this.#history.push(`step ${lossSum / groups}`);
    this.voidRound();
    this.#publish();
  }

  /** Tells states apart within one run, cheaply. */
  mark(): string {
    return `${digestOfWords(this.#weights)} ${this.#history.at(-1)}`;
  }

  digest(): Digest {
    return digestOfTraining(this.#weights, this.#history);
  }

  #publish(): void {
    this.#weightsName = `weights-${this.#version++}`;
    this.#published.set(this.#weightsName, this.#weights.slice());
    for (const old of this.#published.keys()) {
      if (this.#published.size <= 2) break;
      this.#published.delete(old);
    }
  }
}

/** Memory that was let go belongs to somebody else: whoever still reads it is found out. */
const spoil = (slab: Float32Array): void => void slab.fill(NaN);

/** Digest of the weights and of every loss on the way, so that a wrong loss is as loud as a wrong weight. */
export function digestOfTraining(weights: Float32Array, history: readonly string[]): Digest {
  return digestOf(slabToBytes(weights), new TextEncoder().encode(digestOfText(history.join('\n'))));
}
