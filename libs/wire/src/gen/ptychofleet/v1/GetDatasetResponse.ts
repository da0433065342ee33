// Original file: protos/ptychofleet/v1/data_service.proto

import type { Dataset as _ptychofleet_v1_Dataset, Dataset__Output as _ptychofleet_v1_Dataset__Output } from '../../ptychofleet/v1/Dataset.ts';

export interface GetDatasetResponse {
  'dataset'?: (_ptychofleet_v1_Dataset | null);
}

export interface GetDatasetResponse__Output {
  'dataset': (_ptychofleet_v1_Dataset__Output | null);
}
