export {
  createReporter,
  formatLoss,
  formatSeconds,
  type EpochView,
  type ProgressView,
  type Reporter,
  type ReportMode,
} from './reporter.ts';
