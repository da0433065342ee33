// Original file: protos/ptychofleet/v1/fleet_service.proto

import type { TaskKind as _ptychofleet_v1_TaskKind, TaskKind__Output as _ptychofleet_v1_TaskKind__Output } from '../../ptychofleet/v1/TaskKind.ts';
import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from '../../google/protobuf/Struct.ts';
import type { MicroBatch as _ptychofleet_v1_MicroBatch, MicroBatch__Output as _ptychofleet_v1_MicroBatch__Output } from '../../ptychofleet/v1/MicroBatch.ts';
import type { Long } from '@grpc/proto-loader';

export interface TaskAssignment {
  'leaseId'?: (number | string | Long);
  'kind'?: (_ptychofleet_v1_TaskKind);
  'modelSpec'?: (_google_protobuf_Struct | null);
  'lossSpec'?: (_google_protobuf_Struct | null);
  'scanDigest'?: (string);
  'weightsDigest'?: (string);
  'microBatches'?: (_ptychofleet_v1_MicroBatch)[];
  'cropSide'?: (number);
}

export interface TaskAssignment__Output {
  'leaseId': (number);
  'kind': (_ptychofleet_v1_TaskKind__Output);
  'modelSpec': (_google_protobuf_Struct__Output | null);
  'lossSpec': (_google_protobuf_Struct__Output | null);
  'scanDigest': (string);
  'weightsDigest': (string);
  'microBatches': (_ptychofleet_v1_MicroBatch__Output)[];
  'cropSide': (number);
}
