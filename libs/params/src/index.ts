export { layoutOf, viewOf, type ParameterLayout, type PlacedTensor, type TensorSpec } from './layout.ts';
export { CanonicalTree, type TreeNode } from './canonical-tree.ts';
export { divideByCount, reduceBlock, ScalarTree, TreeReduction, type SlabOwnership } from './reduction.ts';
export { slabFromBytes, slabToBytes } from './slab-bytes.ts';
export { firstDifferingTensor, namedSlabDigests, slabDigests, type SlabDigests } from './tensor-digests.ts';
export {
  addSlab,
  doItem,
  isShared,
  itemsOf,
  ownHands,
  scaleSlab,
  type Hands,
  type SlabWork,
} from './slab-work.ts';
export { SlabPool } from './slab-pool.ts';
export { createOptimizer, type Optimizer, type OptimizerSpec, type OptimizerState } from './optimizer.ts';
export { clipGradient, euclideanNorm, type ClippingReport, type ClippingSpec } from './clipping.ts';
export {
  createSchedule,
  scheduleKinds,
  type PlateauState,
  type Schedule,
  type ScheduleSpec,
  type ScheduleState,
} from './schedule.ts';
export {
  afterCheck,
  earlyStoppingStart,
  improves,
  type EarlyStoppingSpec,
  type EarlyStoppingState,
} from './early-stopping.ts';
