// Original file: protos/ptychofleet/v1/model_service.proto


export interface SaveModelRequest {
  'digest'?: (string);
}

export interface SaveModelRequest__Output {
  'digest': (string);
}
