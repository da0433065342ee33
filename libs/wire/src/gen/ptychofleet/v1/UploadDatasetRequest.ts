// Original file: protos/ptychofleet/v1/data_service.proto

import type { Chunk as _ptychofleet_v1_Chunk, Chunk__Output as _ptychofleet_v1_Chunk__Output } from '../../ptychofleet/v1/Chunk.ts';

export interface UploadDatasetRequest {
  'name'?: (string);
  'chunk'?: (_ptychofleet_v1_Chunk | null);
}

export interface UploadDatasetRequest__Output {
  'name': (string);
  'chunk': (_ptychofleet_v1_Chunk__Output | null);
}
