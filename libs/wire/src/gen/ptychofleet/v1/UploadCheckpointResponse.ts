// Original file: protos/ptychofleet/v1/run_service.proto


export interface UploadCheckpointResponse {
  'digest'?: (string);
}

export interface UploadCheckpointResponse__Output {
  'digest': (string);
}
