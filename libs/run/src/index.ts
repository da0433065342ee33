export { takeBlock, tasksOf, tasksPerBlockMax, tasksPerLease, type Block } from './block.ts';
export { runId, workerId, type RunId, type WorkerId } from './ids.ts';
export {
  consecutiveGroups,
  inferenceTasks,
  microBatchOfStep,
  microBatchSize,
  optimiserMoves,
  positionAfter,
  runStart,
  shardsOfStep,
  stepCount,
  stepsBefore,
  stepsPerEpoch,
  type InferencePlan,
  type Plan,
  type RoundPurpose,
  type RunPosition,
  validationTasks,
  type TrainingPlan,
} from './plan.ts';
export {
  initialFleet,
  isFinal,
  noChecks,
  type RunChecks,
  type FleetLimits,
  type FleetState,
  type RunPhase,
  type RunState,
  type WorkerState,
} from './fleet-state.ts';
export type { FleetEffect, FleetEvent } from './fleet-events.ts';
export { advance } from './fleet-machine.ts';
export { standingOf, type WorkerStanding } from './standing.ts';
