// Original file: protos/ptychofleet/v1/fleet_service.proto

import type { SessionWelcome as _ptychofleet_v1_SessionWelcome, SessionWelcome__Output as _ptychofleet_v1_SessionWelcome__Output } from '../../ptychofleet/v1/SessionWelcome.ts';
import type { TaskAssignment as _ptychofleet_v1_TaskAssignment, TaskAssignment__Output as _ptychofleet_v1_TaskAssignment__Output } from '../../ptychofleet/v1/TaskAssignment.ts';
import type { SessionGoodbye as _ptychofleet_v1_SessionGoodbye, SessionGoodbye__Output as _ptychofleet_v1_SessionGoodbye__Output } from '../../ptychofleet/v1/SessionGoodbye.ts';

export interface OpenSessionResponse {
  'welcome'?: (_ptychofleet_v1_SessionWelcome | null);
  'task'?: (_ptychofleet_v1_TaskAssignment | null);
  'goodbye'?: (_ptychofleet_v1_SessionGoodbye | null);
  'message'?: "welcome"|"task"|"goodbye";
}

export interface OpenSessionResponse__Output {
  'welcome'?: (_ptychofleet_v1_SessionWelcome__Output | null);
  'task'?: (_ptychofleet_v1_TaskAssignment__Output | null);
  'goodbye'?: (_ptychofleet_v1_SessionGoodbye__Output | null);
  'message'?: "welcome"|"task"|"goodbye";
}
