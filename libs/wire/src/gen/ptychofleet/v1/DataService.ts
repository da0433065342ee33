// Original file: protos/ptychofleet/v1/data_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { GetDatasetRequest as _ptychofleet_v1_GetDatasetRequest, GetDatasetRequest__Output as _ptychofleet_v1_GetDatasetRequest__Output } from '../../ptychofleet/v1/GetDatasetRequest.ts';
import type { GetDatasetResponse as _ptychofleet_v1_GetDatasetResponse, GetDatasetResponse__Output as _ptychofleet_v1_GetDatasetResponse__Output } from '../../ptychofleet/v1/GetDatasetResponse.ts';
import type { UploadDatasetRequest as _ptychofleet_v1_UploadDatasetRequest, UploadDatasetRequest__Output as _ptychofleet_v1_UploadDatasetRequest__Output } from '../../ptychofleet/v1/UploadDatasetRequest.ts';
import type { UploadDatasetResponse as _ptychofleet_v1_UploadDatasetResponse, UploadDatasetResponse__Output as _ptychofleet_v1_UploadDatasetResponse__Output } from '../../ptychofleet/v1/UploadDatasetResponse.ts';

export interface DataServiceClient extends grpc.Client {
  GetDataset(argument: _ptychofleet_v1_GetDatasetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_GetDatasetResponse__Output>): grpc.ClientUnaryCall;
  GetDataset(argument: _ptychofleet_v1_GetDatasetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_GetDatasetResponse__Output>): grpc.ClientUnaryCall;
  GetDataset(argument: _ptychofleet_v1_GetDatasetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_GetDatasetResponse__Output>): grpc.ClientUnaryCall;
  GetDataset(argument: _ptychofleet_v1_GetDatasetRequest, callback: grpc.requestCallback<_ptychofleet_v1_GetDatasetResponse__Output>): grpc.ClientUnaryCall;
  getDataset(argument: _ptychofleet_v1_GetDatasetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_GetDatasetResponse__Output>): grpc.ClientUnaryCall;
  getDataset(argument: _ptychofleet_v1_GetDatasetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_GetDatasetResponse__Output>): grpc.ClientUnaryCall;
  getDataset(argument: _ptychofleet_v1_GetDatasetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_GetDatasetResponse__Output>): grpc.ClientUnaryCall;
  getDataset(argument: _ptychofleet_v1_GetDatasetRequest, callback: grpc.requestCallback<_ptychofleet_v1_GetDatasetResponse__Output>): grpc.ClientUnaryCall;
  
  UploadDataset(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_UploadDatasetResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_UploadDatasetRequest>;
  UploadDataset(metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_UploadDatasetResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_UploadDatasetRequest>;
  UploadDataset(options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_UploadDatasetResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_UploadDatasetRequest>;
  UploadDataset(callback: grpc.requestCallback<_ptychofleet_v1_UploadDatasetResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_UploadDatasetRequest>;
  uploadDataset(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_UploadDatasetResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_UploadDatasetRequest>;
  uploadDataset(metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_UploadDatasetResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_UploadDatasetRequest>;
  uploadDataset(options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_UploadDatasetResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_UploadDatasetRequest>;
  uploadDataset(callback: grpc.requestCallback<_ptychofleet_v1_UploadDatasetResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_UploadDatasetRequest>;
  
}

export interface DataServiceHandlers extends grpc.UntypedServiceImplementation {
  GetDataset: grpc.handleUnaryCall<_ptychofleet_v1_GetDatasetRequest__Output, _ptychofleet_v1_GetDatasetResponse>;
  
  UploadDataset: grpc.handleClientStreamingCall<_ptychofleet_v1_UploadDatasetRequest__Output, _ptychofleet_v1_UploadDatasetResponse>;
  
}

export interface DataServiceDefinition extends grpc.ServiceDefinition {
  GetDataset: MethodDefinition<_ptychofleet_v1_GetDatasetRequest, _ptychofleet_v1_GetDatasetResponse, _ptychofleet_v1_GetDatasetRequest__Output, _ptychofleet_v1_GetDatasetResponse__Output>
  UploadDataset: MethodDefinition<_ptychofleet_v1_UploadDatasetRequest, _ptychofleet_v1_UploadDatasetResponse, _ptychofleet_v1_UploadDatasetRequest__Output, _ptychofleet_v1_UploadDatasetResponse__Output>
}
