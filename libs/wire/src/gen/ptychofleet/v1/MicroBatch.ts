// Original file: protos/ptychofleet/v1/fleet_service.proto


export interface MicroBatch {
  'groupIndices'?: (number)[];
}

export interface MicroBatch__Output {
  'groupIndices': (number)[];
}
