// Original file: protos/ptychofleet/v1/model_service.proto

import type { Model as _ptychofleet_v1_Model, Model__Output as _ptychofleet_v1_Model__Output } from '../../ptychofleet/v1/Model.ts';

export interface GetModelResponse {
  'model'?: (_ptychofleet_v1_Model | null);
}

export interface GetModelResponse__Output {
  'model': (_ptychofleet_v1_Model__Output | null);
}
