// Original file: protos/ptychofleet/v1/fleet_service.proto


export interface WorkerHeartbeat {
}

export interface WorkerHeartbeat__Output {
}
