// Original file: protos/ptychofleet/v1/fleet_service.proto


export interface SessionGoodbye {
  'reason'?: (string);
  'mayReturn'?: (boolean);
  'orderly'?: (boolean);
}

export interface SessionGoodbye__Output {
  'reason': (string);
  'mayReturn': (boolean);
  'orderly': (boolean);
}
