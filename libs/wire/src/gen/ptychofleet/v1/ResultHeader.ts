// Original file: protos/ptychofleet/v1/fleet_service.proto

import type { Long } from '@grpc/proto-loader';

export interface ResultHeader {
  'sessionId'?: (string);
  'leaseId'?: (number | string | Long);
  'lossSum'?: (number | string);
  'groupCount'?: (number);
  'valueCount'?: (number | string | Long);
  'computeMs'?: (number | string);
}

export interface ResultHeader__Output {
  'sessionId': (string);
  'leaseId': (number);
  'lossSum': (number);
  'groupCount': (number);
  'valueCount': (number);
  'computeMs': (number);
}
