// Original file: protos/ptychofleet/v1/run_service.proto

import type { Chunk as _ptychofleet_v1_Chunk, Chunk__Output as _ptychofleet_v1_Chunk__Output } from '../../ptychofleet/v1/Chunk.ts';

export interface UploadCheckpointRequest {
  'chunk'?: (_ptychofleet_v1_Chunk | null);
}

export interface UploadCheckpointRequest__Output {
  'chunk': (_ptychofleet_v1_Chunk__Output | null);
}
