// Original file: protos/ptychofleet/v1/run_service.proto

import type { Long } from '@grpc/proto-loader';

export interface WatchRunRequest {
  'runId'?: (string);
  'fromSequence'?: (number | string | Long);
}

export interface WatchRunRequest__Output {
  'runId': (string);
  'fromSequence': (number);
}
