// Original file: protos/ptychofleet/v1/fleet_service.proto


export interface ListWorkersRequest {
}

export interface ListWorkersRequest__Output {
}
