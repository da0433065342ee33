// Original file: protos/ptychofleet/v1/run_service.proto


export interface CancelRunRequest {
  'runId'?: (string);
}

export interface CancelRunRequest__Output {
  'runId': (string);
}
