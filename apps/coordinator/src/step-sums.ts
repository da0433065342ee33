import { assert } from '@ptychofleet/base';
import { ownHands, ScalarTree, TreeReduction, type Hands } from '@ptychofleet/params';
import { shardsOfStep, type Block, type TrainingPlan } from '@ptychofleet/run';
import type { TaskAnswer } from './job.ts';

export interface StepSum {
  /** Sum over all groups of the step, the caller's to overwrite. */
  readonly gradient: Float32Array;
  readonly lossSum: number;
  readonly groups: number;
}

/** Gradients, losses and counts of one step, added up in the order of the tree, whatever the order of arrival. */
export class StepSums {
  readonly #plan: TrainingPlan;
  readonly #gradient: TreeReduction;
  readonly #losses: ScalarTree;
  readonly #counts: ScalarTree;

  /** @param release is given the memory of each gradient that has been added to another one. */
  constructor(plan: TrainingPlan, release: (slab: Float32Array) => void, hands: Hands = ownHands) {
    this.#plan = plan;
    this.#gradient = new TreeReduction(plan.virtualShards, release, hands);
    this.#losses = new ScalarTree(plan.virtualShards);
    this.#counts = new ScalarTree(plan.virtualShards);
  }

  add({ level, index }: Block, { values, lossSum, groupCount }: TaskAnswer): void {
    this.#gradient.addNode(level, index, values, 'owned');
    this.#losses.addNode(level, index, lossSum);
    this.#counts.addNode(level, index, groupCount);
  }

  /** When all blocks of the step are in. */
  finish(stepInEpoch: number): StepSum {
    const { virtualShards, batchSize, groupCount } = this.#plan;
    // Shards beyond a short last batch have no groups: the identity of the sum.
    for (let shard = shardsOfStep(this.#plan, stepInEpoch); shard < virtualShards; shard++) {
      this.#gradient.add(shard, null);
      this.#losses.addNode(0, shard, null);
      this.#counts.addNode(0, shard, null);
    }
    const gradient = this.#gradient.result();
    const lossSum = this.#losses.root();
    const groups = this.#counts.root();
    assert(gradient !== null && lossSum !== null && groups !== null, 'a step has groups');
    const expected = Math.min(batchSize, groupCount - stepInEpoch * batchSize);
    assert(groups === expected, `step reduced ${groups} groups, ${expected} were handed out`);
    return { gradient, lossSum, groups };
  }
}
