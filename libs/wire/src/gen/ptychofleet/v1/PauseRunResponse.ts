// Original file: protos/ptychofleet/v1/run_service.proto

import type { Run as _ptychofleet_v1_Run, Run__Output as _ptychofleet_v1_Run__Output } from '../../ptychofleet/v1/Run.ts';

export interface PauseRunResponse {
  'run'?: (_ptychofleet_v1_Run | null);
}

export interface PauseRunResponse__Output {
  'run': (_ptychofleet_v1_Run__Output | null);
}
