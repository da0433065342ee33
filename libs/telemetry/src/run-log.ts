/** What a log is told of a run before its first step. */
export interface LoggedRun {
  readonly runId: string;
  /** Every decided value by its path: `training.learningRate`. */
  readonly parameters: Readonly<Record<string, string | number | boolean | null>>;
}

/** One finished step of training. */
export interface StepMetrics {
  /** Counted from 1 over the whole run. */
  readonly step: number;
  /** Counted from 1. */
  readonly epoch: number;
  /** Mean per group. */
  readonly loss: number;
  readonly learningRate: number;
  /** Before clipping; where it was asked for. */
  readonly gradientNorm?: number;
}

/** One finished epoch. */
export interface EpochMetrics {
  readonly epoch: number;
  /** Steps finished by then. */
  readonly step: number;
  readonly trainLoss: number;
  readonly validationLoss?: number;
  readonly learningRate: number;
  readonly patternsPerSecond: number;
  readonly seconds: number;
}

export type RunEnd = 'succeeded' | 'failed' | 'interrupted';

/**
 * A place that the metrics of one run go to. Calls come in the order of the run's history and may come again from its
 * beginning, when a client follows the run anew: what is there already is not written twice. Calls return at once.
 */
export interface RunLog {
  step(metrics: StepMetrics): void;
  epoch(metrics: EpochMetrics): void;
  /** A file of the run's folder that is complete now. */
  file(path: string): void;
  /** Ends the log; waits a bounded time for what is still under way. */
  close(end: RunEnd): Promise<void>;
}

/** Metrics by the names that the reference's users know, the same in every log. */
export const metricNames = [
  'train_loss_step',
  'train_loss_epoch',
  'val_loss',
  'learning_rate',
  'grad_norm',
  'patterns_per_second',
  'epoch_seconds',
] as const;
export type MetricName = (typeof metricNames)[number];
export type MetricValues = Readonly<Partial<Record<MetricName, number>>>;

export function valuesOfStep({ loss, learningRate, gradientNorm }: StepMetrics): MetricValues {
  return {
    train_loss_step: loss,
    learning_rate: learningRate,
    ...(gradientNorm === undefined ? {} : { grad_norm: gradientNorm }),
  };
}

export function valuesOfEpoch(metrics: EpochMetrics): MetricValues {
  const { trainLoss, validationLoss, patternsPerSecond, seconds } = metrics;
  return {
    train_loss_epoch: trainLoss,
    ...(validationLoss === undefined ? {} : { val_loss: validationLoss }),
    patterns_per_second: patternsPerSecond,
    epoch_seconds: seconds,
  };
}
