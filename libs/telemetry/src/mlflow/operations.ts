import type { RunEnd } from '../run-log.ts';

export interface MlflowMetric {
  readonly key: string;
  /** JSON has no NaN and no infinities: those travel by name, as protobuf's JSON has them. */
  readonly value: number | 'NaN' | 'Infinity' | '-Infinity';
  /** Milliseconds since 1970, fixed when the metric is made: the server takes a metric that comes twice for one. */
  readonly timestamp: number;
  readonly step: number;
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** What has to reach the server, in order. Each may be sent twice without harm. */
export type MlflowOperation =
  | {
      readonly op: 'begin';
      readonly runId: string;
      readonly runName: string;
      readonly experiment: string;
      readonly startedMs: number;
      readonly tags: readonly KeyValue[];
      readonly parameters: readonly KeyValue[];
    }
  | { readonly op: 'metrics'; readonly epoch: number | null; readonly metrics: readonly MlflowMetric[] }
  | {
      readonly op: 'file';
      /** Relative to the folder of the outbox. */
      readonly path: string;
      readonly name: string;
    }
  | { readonly op: 'end'; readonly end: RunEnd; readonly atMs: number };

/** The tag by which a run is found again. */
export const runIdTag = 'ptychofleet.run_id';

export function metricValue(value: number): MlflowMetric['value'] {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'Infinity' : '-Infinity';
}
