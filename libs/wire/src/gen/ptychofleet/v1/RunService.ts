// Original file: protos/ptychofleet/v1/run_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CancelRunRequest as _ptychofleet_v1_CancelRunRequest, CancelRunRequest__Output as _ptychofleet_v1_CancelRunRequest__Output } from '../../ptychofleet/v1/CancelRunRequest.ts';
import type { CancelRunResponse as _ptychofleet_v1_CancelRunResponse, CancelRunResponse__Output as _ptychofleet_v1_CancelRunResponse__Output } from '../../ptychofleet/v1/CancelRunResponse.ts';
import type { CreateRunRequest as _ptychofleet_v1_CreateRunRequest, CreateRunRequest__Output as _ptychofleet_v1_CreateRunRequest__Output } from '../../ptychofleet/v1/CreateRunRequest.ts';
import type { CreateRunResponse as _ptychofleet_v1_CreateRunResponse, CreateRunResponse__Output as _ptychofleet_v1_CreateRunResponse__Output } from '../../ptychofleet/v1/CreateRunResponse.ts';
import type { DownloadArtifactRequest as _ptychofleet_v1_DownloadArtifactRequest, DownloadArtifactRequest__Output as _ptychofleet_v1_DownloadArtifactRequest__Output } from '../../ptychofleet/v1/DownloadArtifactRequest.ts';
import type { DownloadArtifactResponse as _ptychofleet_v1_DownloadArtifactResponse, DownloadArtifactResponse__Output as _ptychofleet_v1_DownloadArtifactResponse__Output } from '../../ptychofleet/v1/DownloadArtifactResponse.ts';
import type { GetRunRequest as _ptychofleet_v1_GetRunRequest, GetRunRequest__Output as _ptychofleet_v1_GetRunRequest__Output } from '../../ptychofleet/v1/GetRunRequest.ts';
import type { GetRunResponse as _ptychofleet_v1_GetRunResponse, GetRunResponse__Output as _ptychofleet_v1_GetRunResponse__Output } from '../../ptychofleet/v1/GetRunResponse.ts';
import type { ListRunsRequest as _ptychofleet_v1_ListRunsRequest, ListRunsRequest__Output as _ptychofleet_v1_ListRunsRequest__Output } from '../../ptychofleet/v1/ListRunsRequest.ts';
import type { ListRunsResponse as _ptychofleet_v1_ListRunsResponse, ListRunsResponse__Output as _ptychofleet_v1_ListRunsResponse__Output } from '../../ptychofleet/v1/ListRunsResponse.ts';
import type { PauseRunRequest as _ptychofleet_v1_PauseRunRequest, PauseRunRequest__Output as _ptychofleet_v1_PauseRunRequest__Output } from '../../ptychofleet/v1/PauseRunRequest.ts';
import type { PauseRunResponse as _ptychofleet_v1_PauseRunResponse, PauseRunResponse__Output as _ptychofleet_v1_PauseRunResponse__Output } from '../../ptychofleet/v1/PauseRunResponse.ts';
import type { ResumeRunRequest as _ptychofleet_v1_ResumeRunRequest, ResumeRunRequest__Output as _ptychofleet_v1_ResumeRunRequest__Output } from '../../ptychofleet/v1/ResumeRunRequest.ts';
import type { ResumeRunResponse as _ptychofleet_v1_ResumeRunResponse, ResumeRunResponse__Output as _ptychofleet_v1_ResumeRunResponse__Output } from '../../ptychofleet/v1/ResumeRunResponse.ts';
import type { UploadCheckpointRequest as _ptychofleet_v1_UploadCheckpointRequest, UploadCheckpointRequest__Output as _ptychofleet_v1_UploadCheckpointRequest__Output } from '../../ptychofleet/v1/UploadCheckpointRequest.ts';
import type { UploadCheckpointResponse as _ptychofleet_v1_UploadCheckpointResponse, UploadCheckpointResponse__Output as _ptychofleet_v1_UploadCheckpointResponse__Output } from '../../ptychofleet/v1/UploadCheckpointResponse.ts';
import type { WatchRunRequest as _ptychofleet_v1_WatchRunRequest, WatchRunRequest__Output as _ptychofleet_v1_WatchRunRequest__Output } from '../../ptychofleet/v1/WatchRunRequest.ts';
import type { WatchRunResponse as _ptychofleet_v1_WatchRunResponse, WatchRunResponse__Output as _ptychofleet_v1_WatchRunResponse__Output } from '../../ptychofleet/v1/WatchRunResponse.ts';

export interface RunServiceClient extends grpc.Client {
  CancelRun(argument: _ptychofleet_v1_CancelRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_CancelRunResponse__Output>): grpc.ClientUnaryCall;
  CancelRun(argument: _ptychofleet_v1_CancelRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_CancelRunResponse__Output>): grpc.ClientUnaryCall;
  CancelRun(argument: _ptychofleet_v1_CancelRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_CancelRunResponse__Output>): grpc.ClientUnaryCall;
  CancelRun(argument: _ptychofleet_v1_CancelRunRequest, callback: grpc.requestCallback<_ptychofleet_v1_CancelRunResponse__Output>): grpc.ClientUnaryCall;
  cancelRun(argument: _ptychofleet_v1_CancelRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_CancelRunResponse__Output>): grpc.ClientUnaryCall;
  cancelRun(argument: _ptychofleet_v1_CancelRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_CancelRunResponse__Output>): grpc.ClientUnaryCall;
  cancelRun(argument: _ptychofleet_v1_CancelRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_CancelRunResponse__Output>): grpc.ClientUnaryCall;
  cancelRun(argument: _ptychofleet_v1_CancelRunRequest, callback: grpc.requestCallback<_ptychofleet_v1_CancelRunResponse__Output>): grpc.ClientUnaryCall;
  
  CreateRun(argument: _ptychofleet_v1_CreateRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_CreateRunResponse__Output>): grpc.ClientUnaryCall;
  CreateRun(argument: _ptychofleet_v1_CreateRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_CreateRunResponse__Output>): grpc.ClientUnaryCall;
  CreateRun(argument: _ptychofleet_v1_CreateRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_CreateRunResponse__Output>): grpc.ClientUnaryCall;
  CreateRun(argument: _ptychofleet_v1_CreateRunRequest, callback: grpc.requestCallback<_ptychofleet_v1_CreateRunResponse__Output>): grpc.ClientUnaryCall;
  createRun(argument: _ptychofleet_v1_CreateRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_CreateRunResponse__Output>): grpc.ClientUnaryCall;
  createRun(argument: _ptychofleet_v1_CreateRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_CreateRunResponse__Output>): grpc.ClientUnaryCall;
  createRun(argument: _ptychofleet_v1_CreateRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_CreateRunResponse__Output>): grpc.ClientUnaryCall;
  createRun(argument: _ptychofleet_v1_CreateRunRequest, callback: grpc.requestCallback<_ptychofleet_v1_CreateRunResponse__Output>): grpc.ClientUnaryCall;
  
  DownloadArtifact(argument: _ptychofleet_v1_DownloadArtifactRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ptychofleet_v1_DownloadArtifactResponse__Output>;
  DownloadArtifact(argument: _ptychofleet_v1_DownloadArtifactRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_ptychofleet_v1_DownloadArtifactResponse__Output>;
  downloadArtifact(argument: _ptychofleet_v1_DownloadArtifactRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ptychofleet_v1_DownloadArtifactResponse__Output>;
  downloadArtifact(argument: _ptychofleet_v1_DownloadArtifactRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_ptychofleet_v1_DownloadArtifactResponse__Output>;
  
  GetRun(argument: _ptychofleet_v1_GetRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_GetRunResponse__Output>): grpc.ClientUnaryCall;
  GetRun(argument: _ptychofleet_v1_GetRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_GetRunResponse__Output>): grpc.ClientUnaryCall;
  GetRun(argument: _ptychofleet_v1_GetRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_GetRunResponse__Output>): grpc.ClientUnaryCall;
  GetRun(argument: _ptychofleet_v1_GetRunRequest, callback: grpc.requestCallback<_ptychofleet_v1_GetRunResponse__Output>): grpc.ClientUnaryCall;
  getRun(argument: _ptychofleet_v1_GetRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_GetRunResponse__Output>): grpc.ClientUnaryCall;
  getRun(argument: _ptychofleet_v1_GetRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_GetRunResponse__Output>): grpc.ClientUnaryCall;
  getRun(argument: _ptychofleet_v1_GetRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_GetRunResponse__Output>): grpc.ClientUnaryCall;
  getRun(argument: _ptychofleet_v1_GetRunRequest, callback: grpc.requestCallback<_ptychofleet_v1_GetRunResponse__Output>): grpc.ClientUnaryCall;
  
  ListRuns(argument: _ptychofleet_v1_ListRunsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_ListRunsResponse__Output>): grpc.ClientUnaryCall;
  ListRuns(argument: _ptychofleet_v1_ListRunsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_ListRunsResponse__Output>): grpc.ClientUnaryCall;
  ListRuns(argument: _ptychofleet_v1_ListRunsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_ListRunsResponse__Output>): grpc.ClientUnaryCall;
  ListRuns(argument: _ptychofleet_v1_ListRunsRequest, callback: grpc.requestCallback<_ptychofleet_v1_ListRunsResponse__Output>): grpc.ClientUnaryCall;
  listRuns(argument: _ptychofleet_v1_ListRunsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_ListRunsResponse__Output>): grpc.ClientUnaryCall;
  listRuns(argument: _ptychofleet_v1_ListRunsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_ListRunsResponse__Output>): grpc.ClientUnaryCall;
  listRuns(argument: _ptychofleet_v1_ListRunsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_ListRunsResponse__Output>): grpc.ClientUnaryCall;
  listRuns(argument: _ptychofleet_v1_ListRunsRequest, callback: grpc.requestCallback<_ptychofleet_v1_ListRunsResponse__Output>): grpc.ClientUnaryCall;
  
  PauseRun(argument: _ptychofleet_v1_PauseRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_PauseRunResponse__Output>): grpc.ClientUnaryCall;
  PauseRun(argument: _ptychofleet_v1_PauseRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_PauseRunResponse__Output>): grpc.ClientUnaryCall;
  PauseRun(argument: _ptychofleet_v1_PauseRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_PauseRunResponse__Output>): grpc.ClientUnaryCall;
  PauseRun(argument: _ptychofleet_v1_PauseRunRequest, callback: grpc.requestCallback<_ptychofleet_v1_PauseRunResponse__Output>): grpc.ClientUnaryCall;
  pauseRun(argument: _ptychofleet_v1_PauseRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_PauseRunResponse__Output>): grpc.ClientUnaryCall;
  pauseRun(argument: _ptychofleet_v1_PauseRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_PauseRunResponse__Output>): grpc.ClientUnaryCall;
  pauseRun(argument: _ptychofleet_v1_PauseRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_PauseRunResponse__Output>): grpc.ClientUnaryCall;
  pauseRun(argument: _ptychofleet_v1_PauseRunRequest, callback: grpc.requestCallback<_ptychofleet_v1_PauseRunResponse__Output>): grpc.ClientUnaryCall;
  
  ResumeRun(argument: _ptychofleet_v1_ResumeRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_ResumeRunResponse__Output>): grpc.ClientUnaryCall;
  ResumeRun(argument: _ptychofleet_v1_ResumeRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_ResumeRunResponse__Output>): grpc.ClientUnaryCall;
  ResumeRun(argument: _ptychofleet_v1_ResumeRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_ResumeRunResponse__Output>): grpc.ClientUnaryCall;
  ResumeRun(argument: _ptychofleet_v1_ResumeRunRequest, callback: grpc.requestCallback<_ptychofleet_v1_ResumeRunResponse__Output>): grpc.ClientUnaryCall;
  resumeRun(argument: _ptychofleet_v1_ResumeRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_ResumeRunResponse__Output>): grpc.ClientUnaryCall;
  resumeRun(argument: _ptychofleet_v1_ResumeRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_ResumeRunResponse__Output>): grpc.ClientUnaryCall;
  resumeRun(argument: _ptychofleet_v1_ResumeRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_ResumeRunResponse__Output>): grpc.ClientUnaryCall;
  resumeRun(argument: _ptychofleet_v1_ResumeRunRequest, callback: grpc.requestCallback<_ptychofleet_v1_ResumeRunResponse__Output>): grpc.ClientUnaryCall;
  
  UploadCheckpoint(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_UploadCheckpointResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_UploadCheckpointRequest>;
  UploadCheckpoint(metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_UploadCheckpointResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_UploadCheckpointRequest>;
  UploadCheckpoint(options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_UploadCheckpointResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_UploadCheckpointRequest>;
  UploadCheckpoint(callback: grpc.requestCallback<_ptychofleet_v1_UploadCheckpointResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_UploadCheckpointRequest>;
  uploadCheckpoint(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_UploadCheckpointResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_UploadCheckpointRequest>;
  uploadCheckpoint(metadata: grpc.Metadata, callback: grpc.requestCallback<_ptychofleet_v1_UploadCheckpointResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_UploadCheckpointRequest>;
  uploadCheckpoint(options: grpc.CallOptions, callback: grpc.requestCallback<_ptychofleet_v1_UploadCheckpointResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_UploadCheckpointRequest>;
  uploadCheckpoint(callback: grpc.requestCallback<_ptychofleet_v1_UploadCheckpointResponse__Output>): grpc.ClientWritableStream<_ptychofleet_v1_UploadCheckpointRequest>;
  
  WatchRun(argument: _ptychofleet_v1_WatchRunRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ptychofleet_v1_WatchRunResponse__Output>;
  WatchRun(argument: _ptychofleet_v1_WatchRunRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_ptychofleet_v1_WatchRunResponse__Output>;
  watchRun(argument: _ptychofleet_v1_WatchRunRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ptychofleet_v1_WatchRunResponse__Output>;
  watchRun(argument: _ptychofleet_v1_WatchRunRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_ptychofleet_v1_WatchRunResponse__Output>;
  
}

export interface RunServiceHandlers extends grpc.UntypedServiceImplementation {
  CancelRun: grpc.handleUnaryCall<_ptychofleet_v1_CancelRunRequest__Output, _ptychofleet_v1_CancelRunResponse>;
  
  CreateRun: grpc.handleUnaryCall<_ptychofleet_v1_CreateRunRequest__Output, _ptychofleet_v1_CreateRunResponse>;
  
  DownloadArtifact: grpc.handleServerStreamingCall<_ptychofleet_v1_DownloadArtifactRequest__Output, _ptychofleet_v1_DownloadArtifactResponse>;
  
  GetRun: grpc.handleUnaryCall<_ptychofleet_v1_GetRunRequest__Output, _ptychofleet_v1_GetRunResponse>;
  
  ListRuns: grpc.handleUnaryCall<_ptychofleet_v1_ListRunsRequest__Output, _ptychofleet_v1_ListRunsResponse>;
  
  PauseRun: grpc.handleUnaryCall<_ptychofleet_v1_PauseRunRequest__Output, _ptychofleet_v1_PauseRunResponse>;
  
  ResumeRun: grpc.handleUnaryCall<_ptychofleet_v1_ResumeRunRequest__Output, _ptychofleet_v1_ResumeRunResponse>;
  
  UploadCheckpoint: grpc.handleClientStreamingCall<_ptychofleet_v1_UploadCheckpointRequest__Output, _ptychofleet_v1_UploadCheckpointResponse>;
  
  WatchRun: grpc.handleServerStreamingCall<_ptychofleet_v1_WatchRunRequest__Output, _ptychofleet_v1_WatchRunResponse>;
  
}

export interface RunServiceDefinition extends grpc.ServiceDefinition {
  CancelRun: MethodDefinition<_ptychofleet_v1_CancelRunRequest, _ptychofleet_v1_CancelRunResponse, _ptychofleet_v1_CancelRunRequest__Output, _ptychofleet_v1_CancelRunResponse__Output>
  CreateRun: MethodDefinition<_ptychofleet_v1_CreateRunRequest, _ptychofleet_v1_CreateRunResponse, _ptychofleet_v1_CreateRunRequest__Output, _ptychofleet_v1_CreateRunResponse__Output>
  DownloadArtifact: MethodDefinition<_ptychofleet_v1_DownloadArtifactRequest, _ptychofleet_v1_DownloadArtifactResponse, _ptychofleet_v1_DownloadArtifactRequest__Output, _ptychofleet_v1_DownloadArtifactResponse__Output>
  GetRun: MethodDefinition<_ptychofleet_v1_GetRunRequest, _ptychofleet_v1_GetRunResponse, _ptychofleet_v1_GetRunRequest__Output, _ptychofleet_v1_GetRunResponse__Output>
  ListRuns: MethodDefinition<_ptychofleet_v1_ListRunsRequest, _ptychofleet_v1_ListRunsResponse, _ptychofleet_v1_ListRunsRequest__Output, _ptychofleet_v1_ListRunsResponse__Output>
  PauseRun: MethodDefinition<_ptychofleet_v1_PauseRunRequest, _ptychofleet_v1_PauseRunResponse, _ptychofleet_v1_PauseRunRequest__Output, _ptychofleet_v1_PauseRunResponse__Output>
  ResumeRun: MethodDefinition<_ptychofleet_v1_ResumeRunRequest, _ptychofleet_v1_ResumeRunResponse, _ptychofleet_v1_ResumeRunRequest__Output, _ptychofleet_v1_ResumeRunResponse__Output>
  UploadCheckpoint: MethodDefinition<_ptychofleet_v1_UploadCheckpointRequest, _ptychofleet_v1_UploadCheckpointResponse, _ptychofleet_v1_UploadCheckpointRequest__Output, _ptychofleet_v1_UploadCheckpointResponse__Output>
  WatchRun: MethodDefinition<_ptychofleet_v1_WatchRunRequest, _ptychofleet_v1_WatchRunResponse, _ptychofleet_v1_WatchRunRequest__Output, _ptychofleet_v1_WatchRunResponse__Output>
}
