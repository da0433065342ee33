import type { Digest } from '@ptychofleet/base';
import { consecutiveGroups, microBatchOfStep, microBatchSize, type TrainingPlan } from '@ptychofleet/run';
import {
  initialWeights,
  syntheticGradient,
  weightCount,
  type SyntheticGradient,
} from './synthetic-gradient.ts';
import { adam, digestOfTraining, learningRate } from './training.ts';

/**
 * The same training written down as plainly as possible: no machine, no leases, no blocks, no shared arithmetic. What every
 * simulated run must arrive at.
 */
export function plainTraining(plan: TrainingPlan): Digest {
  const weights = initialWeights();
  const m = new Float32Array(weightCount);
  const v = new Float32Array(weightCount);
  let [beta1Power, beta2Power] = [1, 1];
  const history: string[] = [];
  for (let epoch = 0; epoch < plan.epochs; epoch++) {
    for (let step = 0; step * plan.batchSize < plan.groupCount; step++) {
      const leaves = Array.from({ length: plan.virtualShards }, (_, shard) =>
        syntheticGradient(weights, microBatchOfStep(plan, epoch, step, shard)),
      );
      const sum = pairwise(leaves);
      beta1Power *= adam.beta1;
      beta2Power *= adam.beta2;
      for (let i = 0; i < weightCount; i++) {
        const g = Math.fround(sum.gradient[i] / sum.groupCount);
        m[i] = adam.beta1 * m[i] + (1 - adam.beta1) * g;
        v[i] = adam.beta2 * v[i] + (1 - adam.beta2) * g * g;
        const away = Math.sqrt(v[i]) * (1 / Math.sqrt(1 - beta2Power)) + adam.epsilon;
        weights[i] -= ((learningRate / (1 - beta1Power)) * m[i]) / away;
      }
      history.push(`step ${sum.lossSum / sum.groupCount}`);
    }
    if (plan.validationGroupCount > 0) history.push(`validation ${validationLoss(plan, weights)}`);
  }
  return digestOfTraining(weights, history);
}

/** Left half plus right half, all the way down; a half without groups leaves the other as it is. */
function pairwise(leaves: readonly SyntheticGradient[]): SyntheticGradient {
  if (leaves.length === 1) return leaves[0];
  const left = pairwise(leaves.slice(0, leaves.length / 2));
  const right = pairwise(leaves.slice(leaves.length / 2));
  if (left.groupCount === 0) return right;
  if (right.groupCount === 0) return left;
  return {
    gradient: left.gradient.map((value, i) => value + right.gradient[i]),
    lossSum: left.lossSum + right.lossSum,
    groupCount: left.groupCount + right.groupCount,
  };
}

function validationLoss(plan: TrainingPlan, weights: Float32Array): number {
  const size = microBatchSize(plan);
  let sum = 0;
  for (let task = 0; task * size < plan.validationGroupCount; task++) {
    sum += syntheticGradient(weights, consecutiveGroups(size, plan.validationGroupCount, task)).lossSum;
  }
  return sum / plan.validationGroupCount;
}
