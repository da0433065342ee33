import { assert } from '@ptychofleet/base';
import type { Engine, GradientResult } from '@ptychofleet/compute';
import { ScalarTree, TreeReduction } from '@ptychofleet/params';

/**
 * Sum of the gradients of an aligned block of micro-batches, added up as the coordinator would have added them
 * (architecture §4): one slab travels instead of many, and no bit differs.
 */
export function gradientOfBlock(
  engine: Pick<Engine, 'gradient'>,
  microBatches: readonly Int32Array[],
): GradientResult {
  const gradients = new TreeReduction(microBatches.length);
  const losses = new ScalarTree(microBatches.length);
  let groupCount = 0;
  microBatches.forEach((groupIndices, leaf) => {
    const result = engine.gradient({ groupIndices });
    gradients.add(leaf, result.gradient, 'owned');
    losses.addNode(0, leaf, result.lossSum);
    groupCount += result.groupCount;
  });
  const gradient = gradients.result();
  const lossSum = losses.root();
  assert(gradient !== null && lossSum !== null, 'a block has micro-batches');
  return { lossSum, groupCount, gradient };
}
