export {
  createReporter,
  formatLoss,
  formatSeconds,
  type EpochView,
  type ProgressView,
  type Reporter,
  type ReportMode,
} from './reporter.ts';
export { openRunLog, type RunLogRequest } from './open-run-log.ts';
export type { EpochMetrics, LoggedRun, RunEnd, RunLog, StepMetrics } from './run-log.ts';
export type { MlflowSettings } from './mlflow/mlflow-log.ts';
export type { MlflowAddress } from './mlflow/server.ts';
export { sendOutboxes, type SentOutbox } from './mlflow/send-outboxes.ts';
