// Original file: protos/ptychofleet/v1/fleet_service.proto


export interface PullBlobRequest {
  'digest'?: (string);
  'sessionId'?: (string);
}

export interface PullBlobRequest__Output {
  'digest': (string);
  'sessionId': (string);
}
