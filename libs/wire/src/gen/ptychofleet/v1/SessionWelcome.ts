// Original file: protos/ptychofleet/v1/fleet_service.proto


export interface SessionWelcome {
  'workerId'?: (string);
  'sessionId'?: (string);
  'heartbeatIntervalMs'?: (number);
}

export interface SessionWelcome__Output {
  'workerId': (string);
  'sessionId': (string);
  'heartbeatIntervalMs': (number);
}
