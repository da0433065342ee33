// Original file: protos/ptychofleet/v1/run.proto

import type { RunKind as _ptychofleet_v1_RunKind, RunKind__Output as _ptychofleet_v1_RunKind__Output } from '../../ptychofleet/v1/RunKind.ts';
import type { RunState as _ptychofleet_v1_RunState, RunState__Output as _ptychofleet_v1_RunState__Output } from '../../ptychofleet/v1/RunState.ts';
import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from '../../google/protobuf/Struct.ts';
import type { Progress as _ptychofleet_v1_Progress, Progress__Output as _ptychofleet_v1_Progress__Output } from '../../ptychofleet/v1/Progress.ts';
import type { EpochRecord as _ptychofleet_v1_EpochRecord, EpochRecord__Output as _ptychofleet_v1_EpochRecord__Output } from '../../ptychofleet/v1/EpochRecord.ts';
import type { Artifact as _ptychofleet_v1_Artifact, Artifact__Output as _ptychofleet_v1_Artifact__Output } from '../../ptychofleet/v1/Artifact.ts';

export interface Run {
  'runId'?: (string);
  'kind'?: (_ptychofleet_v1_RunKind);
  'state'?: (_ptychofleet_v1_RunState);
  'reason'?: (string);
  'spec'?: (_google_protobuf_Struct | null);
  'specDigest'?: (string);
  'progress'?: (_ptychofleet_v1_Progress | null);
  'epochs'?: (_ptychofleet_v1_EpochRecord)[];
  'artifacts'?: (_ptychofleet_v1_Artifact)[];
  'warnings'?: (string)[];
}

export interface Run__Output {
  'runId': (string);
  'kind': (_ptychofleet_v1_RunKind__Output);
  'state': (_ptychofleet_v1_RunState__Output);
  'reason': (string);
  'spec': (_google_protobuf_Struct__Output | null);
  'specDigest': (string);
  'progress': (_ptychofleet_v1_Progress__Output | null);
  'epochs': (_ptychofleet_v1_EpochRecord__Output)[];
  'artifacts': (_ptychofleet_v1_Artifact__Output)[];
  'warnings': (string)[];
}
