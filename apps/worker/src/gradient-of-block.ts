import { assert, Fault } from '@ptychofleet/base';
import type { Engine, GradientResult } from '@ptychofleet/compute';
import { ScalarTree, TreeReduction } from '@ptychofleet/params';

/**
 * Sum of the gradients of an aligned block of micro-batches, added up as the coordinator would have added them
 * (architecture §4): one slab travels instead of many, and no bit differs.
 * @param isWanted is asked before each micro-batch: nobody waits for what a session was given that is over
 * @throws Fault when it is not
 */
export function gradientOfBlock(
  engine: Pick<Engine, 'gradient'>,
  microBatches: readonly Int32Array[],
  isWanted = (): boolean => true,
): GradientResult {
  const gradients = new TreeReduction(microBatches.length);
  const losses = new ScalarTree(microBatches.length);
  let groupCount = 0;
  microBatches.forEach((groupIndices, leaf) => {
    requireWanted(isWanted);
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

/** @throws Fault where nobody waits for what is to be computed */
export function requireWanted(isWanted: () => boolean): void {
  if (!isWanted()) throw new Fault('interrupted', 'the session that asked for it is over');
}
