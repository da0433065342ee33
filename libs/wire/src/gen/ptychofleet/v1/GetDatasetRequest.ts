// Original file: protos/ptychofleet/v1/data_service.proto


export interface GetDatasetRequest {
  'digest'?: (string);
}

export interface GetDatasetRequest__Output {
  'digest': (string);
}
