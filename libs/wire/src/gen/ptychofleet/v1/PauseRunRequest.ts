// Original file: protos/ptychofleet/v1/run_service.proto


export interface PauseRunRequest {
  'runId'?: (string);
}

export interface PauseRunRequest__Output {
  'runId': (string);
}
