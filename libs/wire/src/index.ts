export { letGo, markHeapInOneGo } from './garbage.ts';
export { isLocalAddress, parseAddress } from './address.ts';
export { reconnectDelayMs } from './backoff.ts';
export { ChunkCollector, chunksOf, type SpareMemory } from './chunks.ts';
export { CoordinatorClient } from './client.ts';
export type { BulkService, ResultIntake } from './bulk/http-server.ts';
export { lasting, type LentBytes, type NamedBytes } from './bulk/lent-bytes.ts';
export type { Digested, Digester, PullOptions, Session, TaskResult } from './bulk/path.ts';
export { bulkWays, FleetLink, type BulkWay, type ComingContent } from './fleet-link.ts';
export { faultOf, statusOf } from './faults.ts';
export { protocolVersion } from './protocol.ts';
export { serve, type RunningServer, type ServiceHandlers } from './server.ts';
export { fromStruct, toStruct, type JsonObject, type JsonValue } from './struct.ts';
export type { CreateRunRequest } from './gen/ptychofleet/v1/CreateRunRequest.ts';
export type { Dataset__Output as Dataset } from './gen/ptychofleet/v1/Dataset.ts';
export type { EpochRecord__Output as EpochRecord } from './gen/ptychofleet/v1/EpochRecord.ts';
export type { Model__Output as Model } from './gen/ptychofleet/v1/Model.ts';
export type {
  OpenSessionRequest,
  OpenSessionRequest__Output,
} from './gen/ptychofleet/v1/OpenSessionRequest.ts';
export type {
  OpenSessionResponse,
  OpenSessionResponse__Output,
} from './gen/ptychofleet/v1/OpenSessionResponse.ts';
export type { PushResultRequest__Output } from './gen/ptychofleet/v1/PushResultRequest.ts';
export type { ResultHeader__Output as ResultHeader } from './gen/ptychofleet/v1/ResultHeader.ts';
export type { Progress__Output as Progress } from './gen/ptychofleet/v1/Progress.ts';
export type { Run__Output as Run } from './gen/ptychofleet/v1/Run.ts';
export type { RunEvent, RunEvent__Output } from './gen/ptychofleet/v1/RunEvent.ts';
export type { StepRecord__Output as StepRecord } from './gen/ptychofleet/v1/StepRecord.ts';
export type { TaskAssignment__Output as TaskAssignment } from './gen/ptychofleet/v1/TaskAssignment.ts';
export type { Worker__Output as Worker } from './gen/ptychofleet/v1/Worker.ts';
export type { ServerDuplexStream, ServerReadableStream, ServerWritableStream } from '@grpc/grpc-js';
export type { RunServiceHandlers } from './gen/ptychofleet/v1/RunService.ts';
export type { DataServiceHandlers } from './gen/ptychofleet/v1/DataService.ts';
export type { ModelServiceHandlers } from './gen/ptychofleet/v1/ModelService.ts';
export type { FleetServiceHandlers } from './gen/ptychofleet/v1/FleetService.ts';
