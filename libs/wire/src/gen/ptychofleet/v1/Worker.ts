// Original file: protos/ptychofleet/v1/fleet_service.proto

import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from '../../google/protobuf/Struct.ts';
import type { Long } from '@grpc/proto-loader';

export interface Worker {
  'workerId'?: (string);
  'name'?: (string);
  'leaseCount'?: (number);
  'taskCount'?: (number | string | Long);
  'numerics'?: (_google_protobuf_Struct | null);
  'processId'?: (number);
  'state'?: (string);
  'reason'?: (string);
}

export interface Worker__Output {
  'workerId': (string);
  'name': (string);
  'leaseCount': (number);
  'taskCount': (number);
  'numerics': (_google_protobuf_Struct__Output | null);
  'processId': (number);
  'state': (string);
  'reason': (string);
}
