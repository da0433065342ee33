// Original file: protos/ptychofleet/v1/fleet_service.proto

import type { ResultHeader as _ptychofleet_v1_ResultHeader, ResultHeader__Output as _ptychofleet_v1_ResultHeader__Output } from '../../ptychofleet/v1/ResultHeader.ts';
import type { Chunk as _ptychofleet_v1_Chunk, Chunk__Output as _ptychofleet_v1_Chunk__Output } from '../../ptychofleet/v1/Chunk.ts';

export interface PushResultRequest {
  'header'?: (_ptychofleet_v1_ResultHeader | null);
  'chunk'?: (_ptychofleet_v1_Chunk | null);
  'digest'?: (string);
}

export interface PushResultRequest__Output {
  'header': (_ptychofleet_v1_ResultHeader__Output | null);
  'chunk': (_ptychofleet_v1_Chunk__Output | null);
  'digest': (string);
}
