// Original file: protos/ptychofleet/v1/fleet_service.proto

export const TaskKind = {
  TASK_KIND_UNSPECIFIED: 'TASK_KIND_UNSPECIFIED',
  TASK_KIND_GRADIENT: 'TASK_KIND_GRADIENT',
  TASK_KIND_LOSS: 'TASK_KIND_LOSS',
  TASK_KIND_PREDICTION: 'TASK_KIND_PREDICTION',
} as const;

export type TaskKind =
  | 'TASK_KIND_UNSPECIFIED'
  | 0
  | 'TASK_KIND_GRADIENT'
  | 1
  | 'TASK_KIND_LOSS'
  | 2
  | 'TASK_KIND_PREDICTION'
  | 3

export type TaskKind__Output = typeof TaskKind[keyof typeof TaskKind]
