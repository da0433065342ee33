// Original file: protos/ptychofleet/v1/model_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { GetModelRequest as _ptychofleet_v1_GetModelRequest, GetModelRequest__Output as _ptychofleet_v1_GetModelRequest__Output } from '../../ptychofleet/v1/GetModelRequest.ts';
import type { GetModelResponse as _ptychofleet_v1_GetModelResponse, GetModelResponse__Output as _ptychofleet_v1_GetModelResponse__Output } from '../../ptychofleet/v1/GetModelResponse.ts';
import type { OpenModelRequest as _ptychofleet_v1_OpenModelRequest, OpenModelRequest__Output as _ptychofleet_v1_OpenModelRequest__Output } from '../../ptychofleet/v1/OpenModelRequest.ts';
import type { OpenModelResponse as _ptychofleet_v1_OpenModelResponse, OpenModelResponse__Output as _ptychofleet_v1_OpenModelResponse__Output } from '../../ptychofleet/v1/OpenModelResponse.ts';
import type { SaveModelRequest as _ptychofleet_v1_SaveModelRequest, SaveModelRequest__Output as _ptychofleet_v1_SaveModelRequest__Output } from '../../ptychofleet/v1/SaveModelRequest.ts';
import type { SaveModelResponse as _ptychofleet_v1_SaveModelResponse, SaveModelResponse__Output as _ptychofleet_v1_SaveModelResponse__Output } from '../../ptychofleet/v1/SaveModelResponse.ts';

export interface ModelServiceClient extends grpc.Client {
  GetModel(argument: _ptychofleet_v1_GetModelRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_GetModelResponse__Output>): grpc.ClientUnaryCall;
  GetModel(argument: _ptychofleet_v1_GetModelRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_GetModelResponse__Output>): grpc.ClientUnaryCall;
  GetModel(argument: _ptychofleet_v1_GetModelRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_GetModelResponse__Output>): grpc.ClientUnaryCall;
  GetModel(argument: _ptychofleet_v1_GetModelRequest, callback: grpc.requestCallback<_ptychofleet_v1_GetModelResponse__Output>): grpc.ClientUnaryCall;
  getModel(argument: _ptychofleet_v1_GetModelRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_GetModelResponse__Output>): grpc.ClientUnaryCall;
  getModel(argument: _ptychofleet_v1_GetModelRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_GetModelResponse__Output>): grpc.ClientUnaryCall;
  getModel(argument: _ptychofleet_v1_GetModelRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_GetModelResponse__Output>): grpc.ClientUnaryCall;
  getModel(argument: _ptychofleet_v1_GetModelRequest, callback: grpc.requestCallback<_ptychofleet_v1_GetModelResponse__Output>): grpc.ClientUnaryCall;
  
  OpenModel(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_OpenModelResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_OpenModelRequest>;
  OpenModel(metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_OpenModelResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_OpenModelRequest>;
  OpenModel(options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_OpenModelResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_OpenModelRequest>;
  OpenModel(callback: grpc.requestCallback<_ptychofleet_v1_OpenModelResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_OpenModelRequest>;
  openModel(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_OpenModelResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_OpenModelRequest>;
  openModel(metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_OpenModelResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_OpenModelRequest>;
  openModel(options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_OpenModelResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_OpenModelRequest>;
  openModel(callback: grpc.requestCallback<_ptychofleet_v1_OpenModelResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_OpenModelRequest>;
  
  SaveModel(argument: _ptychofleet_v1_SaveModelRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ptychofleet_v1_SaveModelResponse__Output>;
  SaveModel(argument: _ptychofleet_v1_SaveModelRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_ptychofleet_v1_SaveModelResponse__Output>;
  saveModel(argument: _ptychofleet_v1_SaveModelRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ptychofleet_v1_SaveModelResponse__Output>;
  saveModel(argument: _ptychofleet_v1_SaveModelRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_ptychofleet_v1_SaveModelResponse__Output>;
  
}

export interface ModelServiceHandlers extends grpc.UntypedServiceImplementation {
  GetModel: grpc.handleUnaryCall<_ptychofleet_v1_GetModelRequest__Output, _ptychofleet_v1_GetModelResponse>;
  
  OpenModel: grpc.handleClientStreamingCall<_ptychofleet_v1_OpenModelRequest__Output, _ptychofleet_v1_OpenModelResponse>;
  
  SaveModel: grpc.handleServerStreamingCall<_ptychofleet_v1_SaveModelRequest__Output, _ptychofleet_v1_SaveModelResponse>;
  
}

export interface ModelServiceDefinition extends grpc.ServiceDefinition {
  GetModel: MethodDefinition<_ptychofleet_v1_GetModelRequest, _ptychofleet_v1_GetModelResponse, _ptychofleet_v1_GetModelRequest__Output, _ptychofleet_v1_GetModelResponse__Output>
  OpenModel: MethodDefinition<_ptychofleet_v1_OpenModelRequest, _ptychofleet_v1_OpenModelResponse, _ptychofleet_v1_OpenModelRequest__Output, _ptychofleet_v1_OpenModelResponse__Output>
  SaveModel: MethodDefinition<_ptychofleet_v1_SaveModelRequest, _ptychofleet_v1_SaveModelResponse, _ptychofleet_v1_SaveModelRequest__Output, _ptychofleet_v1_SaveModelResponse__Output>
}
