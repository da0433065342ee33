// Original file: protos/ptychofleet/v1/fleet_service.proto

import type { Long } from '@grpc/proto-loader';

export interface TaskFailure {
  'leaseId'?: (number | string | Long);
  'reason'?: (string);
}

export interface TaskFailure__Output {
  'leaseId': (number);
  'reason': (string);
}
