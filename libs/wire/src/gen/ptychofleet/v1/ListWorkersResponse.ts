// Original file: protos/ptychofleet/v1/fleet_service.proto

import type { Worker as _ptychofleet_v1_Worker, Worker__Output as _ptychofleet_v1_Worker__Output } from '../../ptychofleet/v1/Worker.ts';

export interface ListWorkersResponse {
  'workers'?: (_ptychofleet_v1_Worker)[];
}

export interface ListWorkersResponse__Output {
  'workers': (_ptychofleet_v1_Worker__Output)[];
}
