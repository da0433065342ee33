import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { ListValue as _google_protobuf_ListValue, ListValue__Output as _google_protobuf_ListValue__Output } from './google/protobuf/ListValue.ts';
import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from './google/protobuf/Struct.ts';
import type { Value as _google_protobuf_Value, Value__Output as _google_protobuf_Value__Output } from './google/protobuf/Value.ts';
import type { Chunk as _ptychofleet_v1_Chunk, Chunk__Output as _ptychofleet_v1_Chunk__Output } from './ptychofleet/v1/Chunk.ts';
import type { GetModelRequest as _ptychofleet_v1_GetModelRequest, GetModelRequest__Output as _ptychofleet_v1_GetModelRequest__Output } from './ptychofleet/v1/GetModelRequest.ts';
import type { GetModelResponse as _ptychofleet_v1_GetModelResponse, GetModelResponse__Output as _ptychofleet_v1_GetModelResponse__Output } from './ptychofleet/v1/GetModelResponse.ts';
import type { Model as _ptychofleet_v1_Model, Model__Output as _ptychofleet_v1_Model__Output } from './ptychofleet/v1/Model.ts';
import type { ModelServiceClient as _ptychofleet_v1_ModelServiceClient, ModelServiceDefinition as _ptychofleet_v1_ModelServiceDefinition } from './ptychofleet/v1/ModelService.ts';
import type { OpenModelRequest as _ptychofleet_v1_OpenModelRequest, OpenModelRequest__Output as _ptychofleet_v1_OpenModelRequest__Output } from './ptychofleet/v1/OpenModelRequest.ts';
import type { OpenModelResponse as _ptychofleet_v1_OpenModelResponse, OpenModelResponse__Output as _ptychofleet_v1_OpenModelResponse__Output } from './ptychofleet/v1/OpenModelResponse.ts';
import type { SaveModelRequest as _ptychofleet_v1_SaveModelRequest, SaveModelRequest__Output as _ptychofleet_v1_SaveModelRequest__Output } from './ptychofleet/v1/SaveModelRequest.ts';
import type { SaveModelResponse as _ptychofleet_v1_SaveModelResponse, SaveModelResponse__Output as _ptychofleet_v1_SaveModelResponse__Output } from './ptychofleet/v1/SaveModelResponse.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    protobuf: {
      ListValue: MessageTypeDefinition<_google_protobuf_ListValue, _google_protobuf_ListValue__Output>
      NullValue: EnumTypeDefinition
      Struct: MessageTypeDefinition<_google_protobuf_Struct, _google_protobuf_Struct__Output>
      Value: MessageTypeDefinition<_google_protobuf_Value, _google_protobuf_Value__Output>
    }
  }
  ptychofleet: {
    v1: {
      Chunk: MessageTypeDefinition<_ptychofleet_v1_Chunk, _ptychofleet_v1_Chunk__Output>
      GetModelRequest: MessageTypeDefinition<_ptychofleet_v1_GetModelRequest, _ptychofleet_v1_GetModelRequest__Output>
      GetModelResponse: MessageTypeDefinition<_ptychofleet_v1_GetModelResponse, _ptychofleet_v1_GetModelResponse__Output>
      Model: MessageTypeDefinition<_ptychofleet_v1_Model, _ptychofleet_v1_Model__Output>
      ModelService: SubtypeConstructor<typeof grpc.Client, _ptychofleet_v1_ModelServiceClient> & { service: _ptychofleet_v1_ModelServiceDefinition }
      OpenModelRequest: MessageTypeDefinition<_ptychofleet_v1_OpenModelRequest, _ptychofleet_v1_OpenModelRequest__Output>
      OpenModelResponse: MessageTypeDefinition<_ptychofleet_v1_OpenModelResponse, _ptychofleet_v1_OpenModelResponse__Output>
      SaveModelRequest: MessageTypeDefinition<_ptychofleet_v1_SaveModelRequest, _ptychofleet_v1_SaveModelRequest__Output>
      SaveModelResponse: MessageTypeDefinition<_ptychofleet_v1_SaveModelResponse, _ptychofleet_v1_SaveModelResponse__Output>
    }
  }
}

