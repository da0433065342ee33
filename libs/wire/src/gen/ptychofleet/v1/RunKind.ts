// Original file: protos/ptychofleet/v1/run.proto

export const RunKind = {
  RUN_KIND_UNSPECIFIED: 'RUN_KIND_UNSPECIFIED',
  RUN_KIND_TRAINING: 'RUN_KIND_TRAINING',
  RUN_KIND_INFERENCE: 'RUN_KIND_INFERENCE',
} as const;

export type RunKind =
  | 'RUN_KIND_UNSPECIFIED'
  | 0
  | 'RUN_KIND_TRAINING'
  | 1
  | 'RUN_KIND_INFERENCE'
  | 2

export type RunKind__Output = typeof RunKind[keyof typeof RunKind]
