import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { ListValue as _google_protobuf_ListValue, ListValue__Output as _google_protobuf_ListValue__Output } from './google/protobuf/ListValue.ts';
import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from './google/protobuf/Struct.ts';
import type { Value as _google_protobuf_Value, Value__Output as _google_protobuf_Value__Output } from './google/protobuf/Value.ts';
import type { Artifact as _ptychofleet_v1_Artifact, Artifact__Output as _ptychofleet_v1_Artifact__Output } from './ptychofleet/v1/Artifact.ts';
import type { CancelRunRequest as _ptychofleet_v1_CancelRunRequest, CancelRunRequest__Output as _ptychofleet_v1_CancelRunRequest__Output } from './ptychofleet/v1/CancelRunRequest.ts';
import type { CancelRunResponse as _ptychofleet_v1_CancelRunResponse, CancelRunResponse__Output as _ptychofleet_v1_CancelRunResponse__Output } from './ptychofleet/v1/CancelRunResponse.ts';
import type { Chunk as _ptychofleet_v1_Chunk, Chunk__Output as _ptychofleet_v1_Chunk__Output } from './ptychofleet/v1/Chunk.ts';
import type { CreateRunRequest as _ptychofleet_v1_CreateRunRequest, CreateRunRequest__Output as _ptychofleet_v1_CreateRunRequest__Output } from './ptychofleet/v1/CreateRunRequest.ts';
import type { CreateRunResponse as _ptychofleet_v1_CreateRunResponse, CreateRunResponse__Output as _ptychofleet_v1_CreateRunResponse__Output } from './ptychofleet/v1/CreateRunResponse.ts';
import type { DownloadArtifactRequest as _ptychofleet_v1_DownloadArtifactRequest, DownloadArtifactRequest__Output as _ptychofleet_v1_DownloadArtifactRequest__Output } from './ptychofleet/v1/DownloadArtifactRequest.ts';
import type { DownloadArtifactResponse as _ptychofleet_v1_DownloadArtifactResponse, DownloadArtifactResponse__Output as _ptychofleet_v1_DownloadArtifactResponse__Output } from './ptychofleet/v1/DownloadArtifactResponse.ts';
import type { EpochRecord as _ptychofleet_v1_EpochRecord, EpochRecord__Output as _ptychofleet_v1_EpochRecord__Output } from './ptychofleet/v1/EpochRecord.ts';
import type { GetRunRequest as _ptychofleet_v1_GetRunRequest, GetRunRequest__Output as _ptychofleet_v1_GetRunRequest__Output } from './ptychofleet/v1/GetRunRequest.ts';
import type { GetRunResponse as _ptychofleet_v1_GetRunResponse, GetRunResponse__Output as _ptychofleet_v1_GetRunResponse__Output } from './ptychofleet/v1/GetRunResponse.ts';
import type { ListRunsRequest as _ptychofleet_v1_ListRunsRequest, ListRunsRequest__Output as _ptychofleet_v1_ListRunsRequest__Output } from './ptychofleet/v1/ListRunsRequest.ts';
import type { ListRunsResponse as _ptychofleet_v1_ListRunsResponse, ListRunsResponse__Output as _ptychofleet_v1_ListRunsResponse__Output } from './ptychofleet/v1/ListRunsResponse.ts';
import type { PauseRunRequest as _ptychofleet_v1_PauseRunRequest, PauseRunRequest__Output as _ptychofleet_v1_PauseRunRequest__Output } from './ptychofleet/v1/PauseRunRequest.ts';
import type { PauseRunResponse as _ptychofleet_v1_PauseRunResponse, PauseRunResponse__Output as _ptychofleet_v1_PauseRunResponse__Output } from './ptychofleet/v1/PauseRunResponse.ts';
import type { Progress as _ptychofleet_v1_Progress, Progress__Output as _ptychofleet_v1_Progress__Output } from './ptychofleet/v1/Progress.ts';
import type { ResumeRunRequest as _ptychofleet_v1_ResumeRunRequest, ResumeRunRequest__Output as _ptychofleet_v1_ResumeRunRequest__Output } from './ptychofleet/v1/ResumeRunRequest.ts';
import type { ResumeRunResponse as _ptychofleet_v1_ResumeRunResponse, ResumeRunResponse__Output as _ptychofleet_v1_ResumeRunResponse__Output } from './ptychofleet/v1/ResumeRunResponse.ts';
import type { Run as _ptychofleet_v1_Run, Run__Output as _ptychofleet_v1_Run__Output } from './ptychofleet/v1/Run.ts';
import type { RunEvent as _ptychofleet_v1_RunEvent, RunEvent__Output as _ptychofleet_v1_RunEvent__Output } from './ptychofleet/v1/RunEvent.ts';
import type { RunServiceClient as _ptychofleet_v1_RunServiceClient, RunServiceDefinition as _ptychofleet_v1_RunServiceDefinition } from './ptychofleet/v1/RunService.ts';
import type { StepRecord as _ptychofleet_v1_StepRecord, StepRecord__Output as _ptychofleet_v1_StepRecord__Output } from './ptychofleet/v1/StepRecord.ts';
import type { UploadCheckpointRequest as _ptychofleet_v1_UploadCheckpointRequest, UploadCheckpointRequest__Output as _ptychofleet_v1_UploadCheckpointRequest__Output } from './ptychofleet/v1/UploadCheckpointRequest.ts';
import type { UploadCheckpointResponse as _ptychofleet_v1_UploadCheckpointResponse, UploadCheckpointResponse__Output as _ptychofleet_v1_UploadCheckpointResponse__Output } from './ptychofleet/v1/UploadCheckpointResponse.ts';
import type { WatchRunRequest as _ptychofleet_v1_WatchRunRequest, WatchRunRequest__Output as _ptychofleet_v1_WatchRunRequest__Output } from './ptychofleet/v1/WatchRunRequest.ts';
import type { WatchRunResponse as _ptychofleet_v1_WatchRunResponse, WatchRunResponse__Output as _ptychofleet_v1_WatchRunResponse__Output } from './ptychofleet/v1/WatchRunResponse.ts';

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
      Artifact: MessageTypeDefinition<_ptychofleet_v1_Artifact, _ptychofleet_v1_Artifact__Output>
      CancelRunRequest: MessageTypeDefinition<_ptychofleet_v1_CancelRunRequest, _ptychofleet_v1_CancelRunRequest__Output>
      CancelRunResponse: MessageTypeDefinition<_ptychofleet_v1_CancelRunResponse, _ptychofleet_v1_CancelRunResponse__Output>
      Chunk: MessageTypeDefinition<_ptychofleet_v1_Chunk, _ptychofleet_v1_Chunk__Output>
      CreateRunRequest: MessageTypeDefinition<_ptychofleet_v1_CreateRunRequest, _ptychofleet_v1_CreateRunRequest__Output>
      CreateRunResponse: MessageTypeDefinition<_ptychofleet_v1_CreateRunResponse, _ptychofleet_v1_CreateRunResponse__Output>
      DownloadArtifactRequest: MessageTypeDefinition<_ptychofleet_v1_DownloadArtifactRequest, _ptychofleet_v1_DownloadArtifactRequest__Output>
      DownloadArtifactResponse: MessageTypeDefinition<_ptychofleet_v1_DownloadArtifactResponse, _ptychofleet_v1_DownloadArtifactResponse__Output>
      EpochRecord: MessageTypeDefinition<_ptychofleet_v1_EpochRecord, _ptychofleet_v1_EpochRecord__Output>
      GetRunRequest: MessageTypeDefinition<_ptychofleet_v1_GetRunRequest, _ptychofleet_v1_GetRunRequest__Output>
      GetRunResponse: MessageTypeDefinition<_ptychofleet_v1_GetRunResponse, _ptychofleet_v1_GetRunResponse__Output>
      ListRunsRequest: MessageTypeDefinition<_ptychofleet_v1_ListRunsRequest, _ptychofleet_v1_ListRunsRequest__Output>
      ListRunsResponse: MessageTypeDefinition<_ptychofleet_v1_ListRunsResponse, _ptychofleet_v1_ListRunsResponse__Output>
      PauseRunRequest: MessageTypeDefinition<_ptychofleet_v1_PauseRunRequest, _ptychofleet_v1_PauseRunRequest__Output>
      PauseRunResponse: MessageTypeDefinition<_ptychofleet_v1_PauseRunResponse, _ptychofleet_v1_PauseRunResponse__Output>
      Progress: MessageTypeDefinition<_ptychofleet_v1_Progress, _ptychofleet_v1_Progress__Output>
      ResumeRunRequest: MessageTypeDefinition<_ptychofleet_v1_ResumeRunRequest, _ptychofleet_v1_ResumeRunRequest__Output>
      ResumeRunResponse: MessageTypeDefinition<_ptychofleet_v1_ResumeRunResponse, _ptychofleet_v1_ResumeRunResponse__Output>
      Run: MessageTypeDefinition<_ptychofleet_v1_Run, _ptychofleet_v1_Run__Output>
      RunEvent: MessageTypeDefinition<_ptychofleet_v1_RunEvent, _ptychofleet_v1_RunEvent__Output>
      RunKind: EnumTypeDefinition
      RunService: SubtypeConstructor<typeof grpc.Client, _ptychofleet_v1_RunServiceClient> & { service: _ptychofleet_v1_RunServiceDefinition }
      RunState: EnumTypeDefinition
      StepRecord: MessageTypeDefinition<_ptychofleet_v1_StepRecord, _ptychofleet_v1_StepRecord__Output>
      UploadCheckpointRequest: MessageTypeDefinition<_ptychofleet_v1_UploadCheckpointRequest, _ptychofleet_v1_UploadCheckpointRequest__Output>
      UploadCheckpointResponse: MessageTypeDefinition<_ptychofleet_v1_UploadCheckpointResponse, _ptychofleet_v1_UploadCheckpointResponse__Output>
      WatchRunRequest: MessageTypeDefinition<_ptychofleet_v1_WatchRunRequest, _ptychofleet_v1_WatchRunRequest__Output>
      WatchRunResponse: MessageTypeDefinition<_ptychofleet_v1_WatchRunResponse, _ptychofleet_v1_WatchRunResponse__Output>
    }
  }
}

