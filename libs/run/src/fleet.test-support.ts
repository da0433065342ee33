import {
  advance,
  type FleetEffect,
  type FleetEvent,
  type FleetLimits,
  type FleetState,
  type TrainingPlan,
  type WorkerId,
} from './index.ts';

export const limits: FleetLimits = {
  suspectMs: 800,
  heartbeatTimeoutMs: 1000,
  lateMsLeast: 20,
  hungMsLeast: 2000,
  hungMsUnknown: 5000,
  quarantineMs: 300,
  taskFailuresMax: 3,
};
export const joining = (worker: WorkerId, slots = 1): FleetEvent => ({
  type: 'worker-joined',
  worker,
  name: worker,
  slots,
  numerics: 'n',
});
export const tinyPlan: TrainingPlan = {
  kind: 'training',
  groupCount: 2,
  validationGroupCount: 0,
  batchSize: 2,
  virtualShards: 1,
  epochs: 1,
  seed: 1,
  sequential: true,
  accumulationSteps: 1,
};

/** Most tests are over in an instant. */
export const advanceAt = (state: FleetState, event: FleetEvent, atMs = 0): FleetEffect[] =>
  advance(state, event, atMs);
