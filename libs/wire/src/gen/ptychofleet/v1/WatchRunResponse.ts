// Original file: protos/ptychofleet/v1/run_service.proto

import type { RunEvent as _ptychofleet_v1_RunEvent, RunEvent__Output as _ptychofleet_v1_RunEvent__Output } from '../../ptychofleet/v1/RunEvent.ts';

export interface WatchRunResponse {
  'event'?: (_ptychofleet_v1_RunEvent | null);
}

export interface WatchRunResponse__Output {
  'event': (_ptychofleet_v1_RunEvent__Output | null);
}
