// Original file: protos/ptychofleet/v1/fleet_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { DrainWorkerRequest as _ptychofleet_v1_DrainWorkerRequest, DrainWorkerRequest__Output as _ptychofleet_v1_DrainWorkerRequest__Output } from '../../ptychofleet/v1/DrainWorkerRequest.ts';
import type { DrainWorkerResponse as _ptychofleet_v1_DrainWorkerResponse, DrainWorkerResponse__Output as _ptychofleet_v1_DrainWorkerResponse__Output } from '../../ptychofleet/v1/DrainWorkerResponse.ts';
import type { ListWorkersRequest as _ptychofleet_v1_ListWorkersRequest, ListWorkersRequest__Output as _ptychofleet_v1_ListWorkersRequest__Output } from '../../ptychofleet/v1/ListWorkersRequest.ts';
import type { ListWorkersResponse as _ptychofleet_v1_ListWorkersResponse, ListWorkersResponse__Output as _ptychofleet_v1_ListWorkersResponse__Output } from '../../ptychofleet/v1/ListWorkersResponse.ts';
import type { OpenSessionRequest as _ptychofleet_v1_OpenSessionRequest, OpenSessionRequest__Output as _ptychofleet_v1_OpenSessionRequest__Output } from '../../ptychofleet/v1/OpenSessionRequest.ts';
import type { OpenSessionResponse as _ptychofleet_v1_OpenSessionResponse, OpenSessionResponse__Output as _ptychofleet_v1_OpenSessionResponse__Output } from '../../ptychofleet/v1/OpenSessionResponse.ts';
import type { PullBlobRequest as _ptychofleet_v1_PullBlobRequest, PullBlobRequest__Output as _ptychofleet_v1_PullBlobRequest__Output } from '../../ptychofleet/v1/PullBlobRequest.ts';
import type { PullBlobResponse as _ptychofleet_v1_PullBlobResponse, PullBlobResponse__Output as _ptychofleet_v1_PullBlobResponse__Output } from '../../ptychofleet/v1/PullBlobResponse.ts';
import type { PushResultRequest as _ptychofleet_v1_PushResultRequest, PushResultRequest__Output as _ptychofleet_v1_PushResultRequest__Output } from '../../ptychofleet/v1/PushResultRequest.ts';
import type { PushResultResponse as _ptychofleet_v1_PushResultResponse, PushResultResponse__Output as _ptychofleet_v1_PushResultResponse__Output } from '../../ptychofleet/v1/PushResultResponse.ts';

export interface FleetServiceClient extends grpc.Client {
  DrainWorker(argument: _ptychofleet_v1_DrainWorkerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  DrainWorker(argument: _ptychofleet_v1_DrainWorkerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  DrainWorker(argument: _ptychofleet_v1_DrainWorkerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  DrainWorker(argument: _ptychofleet_v1_DrainWorkerRequest, callback: grpc.requestCallback<_ptychofleet_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  drainWorker(argument: _ptychofleet_v1_DrainWorkerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  drainWorker(argument: _ptychofleet_v1_DrainWorkerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  drainWorker(argument: _ptychofleet_v1_DrainWorkerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  drainWorker(argument: _ptychofleet_v1_DrainWorkerRequest, callback: grpc.requestCallback<_ptychofleet_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  
  ListWorkers(argument: _ptychofleet_v1_ListWorkersRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  ListWorkers(argument: _ptychofleet_v1_ListWorkersRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  ListWorkers(argument: _ptychofleet_v1_ListWorkersRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  ListWorkers(argument: _ptychofleet_v1_ListWorkersRequest, callback: grpc.requestCallback<_ptychofleet_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  listWorkers(argument: _ptychofleet_v1_ListWorkersRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  listWorkers(argument: _ptychofleet_v1_ListWorkersRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  listWorkers(argument: _ptychofleet_v1_ListWorkersRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  listWorkers(argument: _ptychofleet_v1_ListWorkersRequest, callback: grpc.requestCallback<_ptychofleet_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  
  OpenSession(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_ptychofleet_v1_OpenSessionRequest, _ptychofleet_v1_OpenSessionResponse__Output>;
  OpenSession(options?: grpc.CallOptions): grpc.ClientDuplexStream<_ptychofleet_v1_OpenSessionRequest, _ptychofleet_v1_OpenSessionResponse__Output>;
  openSession(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_ptychofleet_v1_OpenSessionRequest, _ptychofleet_v1_OpenSessionResponse__Output>;
  openSession(options?: grpc.CallOptions): grpc.ClientDuplexStream<_ptychofleet_v1_OpenSessionRequest, _ptychofleet_v1_OpenSessionResponse__Output>;
  
  PullBlob(argument: _ptychofleet_v1_PullBlobRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ptychofleet_v1_PullBlobResponse__Output>;
  PullBlob(argument: _ptychofleet_v1_PullBlobRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_ptychofleet_v1_PullBlobResponse__Output>;
  pullBlob(argument: _ptychofleet_v1_PullBlobRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ptychofleet_v1_PullBlobResponse__Output>;
  pullBlob(argument: _ptychofleet_v1_PullBlobRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_ptychofleet_v1_PullBlobResponse__Output>;
  
  PushResult(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_PushResultResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_PushResultRequest>;
  PushResult(metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_PushResultResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_PushResultRequest>;
  PushResult(options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_PushResultResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_PushResultRequest>;
  PushResult(callback: grpc.requestCallback<_ptychofleet_v1_PushResultResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_PushResultRequest>;
  pushResult(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_PushResultResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_PushResultRequest>;
  pushResult(metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_PushResultResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_PushResultRequest>;
  pushResult(options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_PushResultResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_PushResultRequest>;
  pushResult(callback: grpc.requestCallback<_ptychofleet_v1_PushResultResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_PushResultRequest>;
  
}

export interface FleetServiceHandlers extends grpc.UntypedServiceImplementation {
  DrainWorker: grpc.handleUnaryCall<_ptychofleet_v1_DrainWorkerRequest__Output, _ptychofleet_v1_DrainWorkerResponse>;
  
  ListWorkers: grpc.handleUnaryCall<_ptychofleet_v1_ListWorkersRequest__Output, _ptychofleet_v1_ListWorkersResponse>;
  
  OpenSession: grpc.handleBidiStreamingCall<_ptychofleet_v1_OpenSessionRequest__Output, _ptychofleet_v1_OpenSessionResponse>;
  
  PullBlob: grpc.handleServerStreamingCall<_ptychofleet_v1_PullBlobRequest__Output, _ptychofleet_v1_PullBlobResponse>;
  
  PushResult: grpc.handleClientStreamingCall<_ptychofleet_v1_PushResultRequest__Output, _ptychofleet_v1_PushResultResponse>;
  
}

export interface FleetServiceDefinition extends grpc.ServiceDefinition {
  DrainWorker: MethodDefinition<_ptychofleet_v1_DrainWorkerRequest, _ptychofleet_v1_DrainWorkerResponse, _ptychofleet_v1_DrainWorkerRequest__Output, _ptychofleet_v1_DrainWorkerResponse__Output>
  ListWorkers: MethodDefinition<_ptychofleet_v1_ListWorkersRequest, _ptychofleet_v1_ListWorkersResponse, _ptychofleet_v1_ListWorkersRequest__Output, _ptychofleet_v1_ListWorkersResponse__Output>
  OpenSession: MethodDefinition<_ptychofleet_v1_OpenSessionRequest, _ptychofleet_v1_OpenSessionResponse, _ptychofleet_v1_OpenSessionRequest__Output, _ptychofleet_v1_OpenSessionResponse__Output>
  PullBlob: MethodDefinition<_ptychofleet_v1_PullBlobRequest, _ptychofleet_v1_PullBlobResponse, _ptychofleet_v1_PullBlobRequest__Output, _ptychofleet_v1_PullBlobResponse__Output>
  PushResult: MethodDefinition<_ptychofleet_v1_PushResultRequest, _ptychofleet_v1_PushResultResponse, _ptychofleet_v1_PushResultRequest__Output, _ptychofleet_v1_PushResultResponse__Output>
}
