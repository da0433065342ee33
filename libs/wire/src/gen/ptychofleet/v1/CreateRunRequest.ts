// Original file: protos/ptychofleet/v1/run_service.proto

import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from '../../google/protobuf/Struct.ts';
import type { Long } from '@grpc/proto-loader';

export interface CreateRunRequest {
  'requestId'?: (string);
  'spec'?: (_google_protobuf_Struct | null);
  'trainingOverrides'?: (_google_protobuf_Struct | null);
  'inferenceOverrides'?: (_google_protobuf_Struct | null);
  'datasetDigest'?: (string);
  'validationDigest'?: (string);
  'modelDigest'?: (string);
  'checkpointDigest'?: (string);
  'stopAfterStep'?: (number | string | Long);
  'description'?: "spec"|"trainingOverrides"|"inferenceOverrides";
}

export interface CreateRunRequest__Output {
  'requestId': (string);
  'spec'?: (_google_protobuf_Struct__Output | null);
  'trainingOverrides'?: (_google_protobuf_Struct__Output | null);
  'inferenceOverrides'?: (_google_protobuf_Struct__Output | null);
  'datasetDigest': (string);
  'validationDigest': (string);
  'modelDigest': (string);
  'checkpointDigest': (string);
  'stopAfterStep': (number);
  'description'?: "spec"|"trainingOverrides"|"inferenceOverrides";
}
