// Original file: protos/ptychofleet/v1/fleet_service.proto

import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from '../../google/protobuf/Struct.ts';

export interface WorkerHello {
  'name'?: (string);
  'protocolVersion'?: (string);
  'numerics'?: (_google_protobuf_Struct | null);
  'slotCount'?: (number);
  'processId'?: (number);
}

export interface WorkerHello__Output {
  'name': (string);
  'protocolVersion': (string);
  'numerics': (_google_protobuf_Struct__Output | null);
  'slotCount': (number);
  'processId': (number);
}
