// Original file: protos/ptychofleet/v1/run.proto

import type { Long } from '@grpc/proto-loader';

export interface Artifact {
  'name'?: (string);
  'sizeBytes'?: (number | string | Long);
  'digest'?: (string);
}

export interface Artifact__Output {
  'name': (string);
  'sizeBytes': (number);
  'digest': (string);
}
