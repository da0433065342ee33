// Original file: protos/ptychofleet/v1/run_service.proto


export interface DownloadArtifactRequest {
  'runId'?: (string);
  'name'?: (string);
}

export interface DownloadArtifactRequest__Output {
  'runId': (string);
  'name': (string);
}
