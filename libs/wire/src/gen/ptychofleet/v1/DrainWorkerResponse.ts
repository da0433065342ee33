// Original file: protos/ptychofleet/v1/fleet_service.proto

import type { Worker as _ptychofleet_v1_Worker, Worker__Output as _ptychofleet_v1_Worker__Output } from '../../ptychofleet/v1/Worker.ts';

export interface DrainWorkerResponse {
  'worker'?: (_ptychofleet_v1_Worker | null);
}

export interface DrainWorkerResponse__Output {
  'worker': (_ptychofleet_v1_Worker__Output | null);
}
