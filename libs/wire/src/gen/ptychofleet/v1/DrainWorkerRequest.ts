// Original file: protos/ptychofleet/v1/fleet_service.proto


export interface DrainWorkerRequest {
  'workerId'?: (string);
}

export interface DrainWorkerRequest__Output {
  'workerId': (string);
}
