// Original file: protos/ptychofleet/v1/model_service.proto


export interface GetModelRequest {
  'digest'?: (string);
}

export interface GetModelRequest__Output {
  'digest': (string);
}
