// Original file: protos/ptychofleet/v1/run_service.proto


export interface ListRunsRequest {
}

export interface ListRunsRequest__Output {
}
