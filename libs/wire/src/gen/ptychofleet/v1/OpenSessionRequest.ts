// Original file: protos/ptychofleet/v1/fleet_service.proto

import type { WorkerHello as _ptychofleet_v1_WorkerHello, WorkerHello__Output as _ptychofleet_v1_WorkerHello__Output } from '../../ptychofleet/v1/WorkerHello.ts';
import type { WorkerHeartbeat as _ptychofleet_v1_WorkerHeartbeat, WorkerHeartbeat__Output as _ptychofleet_v1_WorkerHeartbeat__Output } from '../../ptychofleet/v1/WorkerHeartbeat.ts';
import type { TaskFailure as _ptychofleet_v1_TaskFailure, TaskFailure__Output as _ptychofleet_v1_TaskFailure__Output } from '../../ptychofleet/v1/TaskFailure.ts';
import type { WorkerLeaving as _ptychofleet_v1_WorkerLeaving, WorkerLeaving__Output as _ptychofleet_v1_WorkerLeaving__Output } from '../../ptychofleet/v1/WorkerLeaving.ts';

export interface OpenSessionRequest {
  'hello'?: (_ptychofleet_v1_WorkerHello | null);
  'heartbeat'?: (_ptychofleet_v1_WorkerHeartbeat | null);
  'failure'?: (_ptychofleet_v1_TaskFailure | null);
  'leaving'?: (_ptychofleet_v1_WorkerLeaving | null);
  'message'?: "hello"|"heartbeat"|"failure"|"leaving";
}

export interface OpenSessionRequest__Output {
  'hello'?: (_ptychofleet_v1_WorkerHello__Output | null);
  'heartbeat'?: (_ptychofleet_v1_WorkerHeartbeat__Output | null);
  'failure'?: (_ptychofleet_v1_TaskFailure__Output | null);
  'leaving'?: (_ptychofleet_v1_WorkerLeaving__Output | null);
  'message'?: "hello"|"heartbeat"|"failure"|"leaving";
}
