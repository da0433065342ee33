// Original file: protos/ptychofleet/v1/run.proto

import type { Run as _ptychofleet_v1_Run, Run__Output as _ptychofleet_v1_Run__Output } from '../../ptychofleet/v1/Run.ts';
import type { Progress as _ptychofleet_v1_Progress, Progress__Output as _ptychofleet_v1_Progress__Output } from '../../ptychofleet/v1/Progress.ts';
import type { EpochRecord as _ptychofleet_v1_EpochRecord, EpochRecord__Output as _ptychofleet_v1_EpochRecord__Output } from '../../ptychofleet/v1/EpochRecord.ts';
import type { Artifact as _ptychofleet_v1_Artifact, Artifact__Output as _ptychofleet_v1_Artifact__Output } from '../../ptychofleet/v1/Artifact.ts';
import type { StepRecord as _ptychofleet_v1_StepRecord, StepRecord__Output as _ptychofleet_v1_StepRecord__Output } from '../../ptychofleet/v1/StepRecord.ts';
import type { Long } from '@grpc/proto-loader';

export interface RunEvent {
  'sequence'?: (number | string | Long);
  'stateChanged'?: (_ptychofleet_v1_Run | null);
  'progress'?: (_ptychofleet_v1_Progress | null);
  'epochFinished'?: (_ptychofleet_v1_EpochRecord | null);
  'note'?: (string);
  'artifactReady'?: (_ptychofleet_v1_Artifact | null);
  'stepFinished'?: (_ptychofleet_v1_StepRecord | null);
  'event'?: "stateChanged"|"progress"|"epochFinished"|"note"|"artifactReady"|"stepFinished";
}

export interface RunEvent__Output {
  'sequence': (number);
  'stateChanged'?: (_ptychofleet_v1_Run__Output | null);
  'progress'?: (_ptychofleet_v1_Progress__Output | null);
  'epochFinished'?: (_ptychofleet_v1_EpochRecord__Output | null);
  'note'?: (string);
  'artifactReady'?: (_ptychofleet_v1_Artifact__Output | null);
  'stepFinished'?: (_ptychofleet_v1_StepRecord__Output | null);
  'event'?: "stateChanged"|"progress"|"epochFinished"|"note"|"artifactReady"|"stepFinished";
}
