// Original file: protos/ptychofleet/v1/run_service.proto


export interface ResumeRunRequest {
  'runId'?: (string);
}

export interface ResumeRunRequest__Output {
  'runId': (string);
}
