// Original file: protos/ptychofleet/v1/fleet_service.proto


export interface PushResultResponse {
  'accepted'?: (boolean);
}

export interface PushResultResponse__Output {
  'accepted': (boolean);
}
