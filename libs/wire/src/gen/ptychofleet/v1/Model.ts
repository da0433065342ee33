// Original file: protos/ptychofleet/v1/model_service.proto

import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from '../../google/protobuf/Struct.ts';
import type { Long } from '@grpc/proto-loader';

export interface Model {
  'digest'?: (string);
  'modelSpec'?: (_google_protobuf_Struct | null);
  'parameterCount'?: (number | string | Long);
}

export interface Model__Output {
  'digest': (string);
  'modelSpec': (_google_protobuf_Struct__Output | null);
  'parameterCount': (number);
}
