import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { ListValue as _google_protobuf_ListValue, ListValue__Output as _google_protobuf_ListValue__Output } from './google/protobuf/ListValue.ts';
import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from './google/protobuf/Struct.ts';
import type { Value as _google_protobuf_Value, Value__Output as _google_protobuf_Value__Output } from './google/protobuf/Value.ts';
import type { Chunk as _ptychofleet_v1_Chunk, Chunk__Output as _ptychofleet_v1_Chunk__Output } from './ptychofleet/v1/Chunk.ts';
import type { DrainWorkerRequest as _ptychofleet_v1_DrainWorkerRequest, DrainWorkerRequest__Output as _ptychofleet_v1_DrainWorkerRequest__Output } from './ptychofleet/v1/DrainWorkerRequest.ts';
import type { DrainWorkerResponse as _ptychofleet_v1_DrainWorkerResponse, DrainWorkerResponse__Output as _ptychofleet_v1_DrainWorkerResponse__Output } from './ptychofleet/v1/DrainWorkerResponse.ts';
import type { FleetServiceClient as _ptychofleet_v1_FleetServiceClient, FleetServiceDefinition as _ptychofleet_v1_FleetServiceDefinition } from './ptychofleet/v1/FleetService.ts';
import type { ListWorkersRequest as _ptychofleet_v1_ListWorkersRequest, ListWorkersRequest__Output as _ptychofleet_v1_ListWorkersRequest__Output } from './ptychofleet/v1/ListWorkersRequest.ts';
import type { ListWorkersResponse as _ptychofleet_v1_ListWorkersResponse, ListWorkersResponse__Output as _ptychofleet_v1_ListWorkersResponse__Output } from './ptychofleet/v1/ListWorkersResponse.ts';
import type { MicroBatch as _ptychofleet_v1_MicroBatch, MicroBatch__Output as _ptychofleet_v1_MicroBatch__Output } from './ptychofleet/v1/MicroBatch.ts';
import type { OpenSessionRequest as _ptychofleet_v1_OpenSessionRequest, OpenSessionRequest__Output as _ptychofleet_v1_OpenSessionRequest__Output } from './ptychofleet/v1/OpenSessionRequest.ts';
import type { OpenSessionResponse as _ptychofleet_v1_OpenSessionResponse, OpenSessionResponse__Output as _ptychofleet_v1_OpenSessionResponse__Output } from './ptychofleet/v1/OpenSessionResponse.ts';
import type { PullBlobRequest as _ptychofleet_v1_PullBlobRequest, PullBlobRequest__Output as _ptychofleet_v1_PullBlobRequest__Output } from './ptychofleet/v1/PullBlobRequest.ts';
import type { PullBlobResponse as _ptychofleet_v1_PullBlobResponse, PullBlobResponse__Output as _ptychofleet_v1_PullBlobResponse__Output } from './ptychofleet/v1/PullBlobResponse.ts';
import type { PushResultRequest as _ptychofleet_v1_PushResultRequest, PushResultRequest__Output as _ptychofleet_v1_PushResultRequest__Output } from './ptychofleet/v1/PushResultRequest.ts';
import type { PushResultResponse as _ptychofleet_v1_PushResultResponse, PushResultResponse__Output as _ptychofleet_v1_PushResultResponse__Output } from './ptychofleet/v1/PushResultResponse.ts';
import type { ResultHeader as _ptychofleet_v1_ResultHeader, ResultHeader__Output as _ptychofleet_v1_ResultHeader__Output } from './ptychofleet/v1/ResultHeader.ts';
import type { SessionGoodbye as _ptychofleet_v1_SessionGoodbye, SessionGoodbye__Output as _ptychofleet_v1_SessionGoodbye__Output } from './ptychofleet/v1/SessionGoodbye.ts';
import type { SessionWelcome as _ptychofleet_v1_SessionWelcome, SessionWelcome__Output as _ptychofleet_v1_SessionWelcome__Output } from './ptychofleet/v1/SessionWelcome.ts';
import type { TaskAssignment as _ptychofleet_v1_TaskAssignment, TaskAssignment__Output as _ptychofleet_v1_TaskAssignment__Output } from './ptychofleet/v1/TaskAssignment.ts';
import type { TaskFailure as _ptychofleet_v1_TaskFailure, TaskFailure__Output as _ptychofleet_v1_TaskFailure__Output } from './ptychofleet/v1/TaskFailure.ts';
import type { Worker as _ptychofleet_v1_Worker, Worker__Output as _ptychofleet_v1_Worker__Output } from './ptychofleet/v1/Worker.ts';
import type { WorkerHeartbeat as _ptychofleet_v1_WorkerHeartbeat, WorkerHeartbeat__Output as _ptychofleet_v1_WorkerHeartbeat__Output } from './ptychofleet/v1/WorkerHeartbeat.ts';
import type { WorkerHello as _ptychofleet_v1_WorkerHello, WorkerHello__Output as _ptychofleet_v1_WorkerHello__Output } from './ptychofleet/v1/WorkerHello.ts';
import type { WorkerLeaving as _ptychofleet_v1_WorkerLeaving, WorkerLeaving__Output as _ptychofleet_v1_WorkerLeaving__Output } from './ptychofleet/v1/WorkerLeaving.ts';

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
      DrainWorkerRequest: MessageTypeDefinition<_ptychofleet_v1_DrainWorkerRequest, _ptychofleet_v1_DrainWorkerRequest__Output>
      DrainWorkerResponse: MessageTypeDefinition<_ptychofleet_v1_DrainWorkerResponse, _ptychofleet_v1_DrainWorkerResponse__Output>
      FleetService: SubtypeConstructor<typeof grpc.Client, _ptychofleet_v1_FleetServiceClient> & { service: _ptychofleet_v1_FleetServiceDefinition }
      ListWorkersRequest: MessageTypeDefinition<_ptychofleet_v1_ListWorkersRequest, _ptychofleet_v1_ListWorkersRequest__Output>
      ListWorkersResponse: MessageTypeDefinition<_ptychofleet_v1_ListWorkersResponse, _ptychofleet_v1_ListWorkersResponse__Output>
      MicroBatch: MessageTypeDefinition<_ptychofleet_v1_MicroBatch, _ptychofleet_v1_MicroBatch__Output>
      OpenSessionRequest: MessageTypeDefinition<_ptychofleet_v1_OpenSessionRequest, _ptychofleet_v1_OpenSessionRequest__Output>
      OpenSessionResponse: MessageTypeDefinition<_ptychofleet_v1_OpenSessionResponse, _ptychofleet_v1_OpenSessionResponse__Output>
      PullBlobRequest: MessageTypeDefinition<_ptychofleet_v1_PullBlobRequest, _ptychofleet_v1_PullBlobRequest__Output>
      PullBlobResponse: MessageTypeDefinition<_ptychofleet_v1_PullBlobResponse, _ptychofleet_v1_PullBlobResponse__Output>
      PushResultRequest: MessageTypeDefinition<_ptychofleet_v1_PushResultRequest, _ptychofleet_v1_PushResultRequest__Output>
      PushResultResponse: MessageTypeDefinition<_ptychofleet_v1_PushResultResponse, _ptychofleet_v1_PushResultResponse__Output>
      ResultHeader: MessageTypeDefinition<_ptychofleet_v1_ResultHeader, _ptychofleet_v1_ResultHeader__Output>
      SessionGoodbye: MessageTypeDefinition<_ptychofleet_v1_SessionGoodbye, _ptychofleet_v1_SessionGoodbye__Output>
      SessionWelcome: MessageTypeDefinition<_ptychofleet_v1_SessionWelcome, _ptychofleet_v1_SessionWelcome__Output>
      TaskAssignment: MessageTypeDefinition<_ptychofleet_v1_TaskAssignment, _ptychofleet_v1_TaskAssignment__Output>
      TaskFailure: MessageTypeDefinition<_ptychofleet_v1_TaskFailure, _ptychofleet_v1_TaskFailure__Output>
      TaskKind: EnumTypeDefinition
      Worker: MessageTypeDefinition<_ptychofleet_v1_Worker, _ptychofleet_v1_Worker__Output>
      WorkerHeartbeat: MessageTypeDefinition<_ptychofleet_v1_WorkerHeartbeat, _ptychofleet_v1_WorkerHeartbeat__Output>
      WorkerHello: MessageTypeDefinition<_ptychofleet_v1_WorkerHello, _ptychofleet_v1_WorkerHello__Output>
      WorkerLeaving: MessageTypeDefinition<_ptychofleet_v1_WorkerLeaving, _ptychofleet_v1_WorkerLeaving__Output>
    }
  }
}

