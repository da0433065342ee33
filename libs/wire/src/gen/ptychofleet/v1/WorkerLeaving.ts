// Original file: protos/ptychofleet/v1/fleet_service.proto


export interface WorkerLeaving {
  'reason'?: (string);
}

export interface WorkerLeaving__Output {
  'reason': (string);
}
