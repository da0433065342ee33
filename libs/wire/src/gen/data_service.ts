import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Chunk as _ptychofleet_v1_Chunk, Chunk__Output as _ptychofleet_v1_Chunk__Output } from './ptychofleet/v1/Chunk.ts';
import type { DataServiceClient as _ptychofleet_v1_DataServiceClient, DataServiceDefinition as _ptychofleet_v1_DataServiceDefinition } from './ptychofleet/v1/DataService.ts';
import type { Dataset as _ptychofleet_v1_Dataset, Dataset__Output as _ptychofleet_v1_Dataset__Output } from './ptychofleet/v1/Dataset.ts';
import type { GetDatasetRequest as _ptychofleet_v1_GetDatasetRequest, GetDatasetRequest__Output as _ptychofleet_v1_GetDatasetRequest__Output } from './ptychofleet/v1/GetDatasetRequest.ts';
import type { GetDatasetResponse as _ptychofleet_v1_GetDatasetResponse, GetDatasetResponse__Output as _ptychofleet_v1_GetDatasetResponse__Output } from './ptychofleet/v1/GetDatasetResponse.ts';
import type { UploadDatasetRequest as _ptychofleet_v1_UploadDatasetRequest, UploadDatasetRequest__Output as _ptychofleet_v1_UploadDatasetRequest__Output } from './ptychofleet/v1/UploadDatasetRequest.ts';
import type { UploadDatasetResponse as _ptychofleet_v1_UploadDatasetResponse, UploadDatasetResponse__Output as _ptychofleet_v1_UploadDatasetResponse__Output } from './ptychofleet/v1/UploadDatasetResponse.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  ptychofleet: {
    v1: {
      Chunk: MessageTypeDefinition<_ptychofleet_v1_Chunk, _ptychofleet_v1_Chunk__Output>
      DataService: SubtypeConstructor<typeof grpc.Client, _ptychofleet_v1_DataServiceClient> & { service: _ptychofleet_v1_DataServiceDefinition }
      Dataset: MessageTypeDefinition<_ptychofleet_v1_Dataset, _ptychofleet_v1_Dataset__Output>
      GetDatasetRequest: MessageTypeDefinition<_ptychofleet_v1_GetDatasetRequest, _ptychofleet_v1_GetDatasetRequest__Output>
      GetDatasetResponse: MessageTypeDefinition<_ptychofleet_v1_GetDatasetResponse, _ptychofleet_v1_GetDatasetResponse__Output>
      UploadDatasetRequest: MessageTypeDefinition<_ptychofleet_v1_UploadDatasetRequest, _ptychofleet_v1_UploadDatasetRequest__Output>
      UploadDatasetResponse: MessageTypeDefinition<_ptychofleet_v1_UploadDatasetResponse, _ptychofleet_v1_UploadDatasetResponse__Output>
    }
  }
}

