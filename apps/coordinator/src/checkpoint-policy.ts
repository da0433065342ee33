import { monitoredLosses, type TrainingRunSpec } from '@ptychofleet/config';
import { improves } from '@ptychofleet/params';

/** Which checkpoints a run leaves for its user. */
export interface CheckpointPolicy {
  readonly enabled: boolean;
  /** Best ones kept; -1 for all. */
  readonly topK: number;
  readonly mode: 'min' | 'max';
  /** Which loss of an epoch decides. */
  readonly monitors: 'train' | 'validation';
  /** Its name in file names. */
  readonly label: string;
}

export interface EpochLosses {
  /** Counted from 1. */
  readonly epoch: number;
  readonly trainLoss: number;
  readonly validationLoss?: number;
}

export const lastCheckpointName = 'last.ckpt';

export function checkpointPolicy(
  { loss, execution }: TrainingRunSpec,
  hasValidation: boolean,
): CheckpointPolicy {
  const { enableCheckpointing, checkpointSaveTopK, checkpointMonitorMetric, checkpointMode } = execution;
  const wanted = monitoredLosses(loss.kind).get(checkpointMonitorMetric);
  // As upstream: the validation loss where there is one, else that of training (training spec §8).
  const monitors = hasValidation && wanted === 'validation' ? 'validation' : 'train';
  return {
    enabled: enableCheckpointing,
    topK: checkpointSaveTopK,
    mode: checkpointMode,
    monitors,
    label: `${loss.kind}_${monitors === 'validation' ? 'val' : 'train'}`,
  };
}

/** `epoch=07-poisson_val=0.1234.ckpt` */
export function checkpointName(policy: CheckpointPolicy, losses: EpochLosses): string {
  const epoch = String(losses.epoch).padStart(2, '0');
  return `epoch=${epoch}-${policy.label}=${monitored(policy, losses).toFixed(4)}.ckpt`;
}

/** Epochs whose checkpoints are kept: the best, the earlier one of equals; a function of the epochs alone. */
export function keptEpochs(policy: CheckpointPolicy, epochs: readonly EpochLosses[]): Set<number> {
  const { enabled, topK, mode } = policy;
  if (!enabled) return new Set();
  if (topK < 0) return new Set(epochs.map(({ epoch }) => epoch));
  const kept: EpochLosses[] = [];
  for (const losses of epochs) {
    const place = kept.findIndex((other) =>
      improves(monitored(policy, losses), numberOrNull(monitored(policy, other)), mode),
    );
    kept.splice(place < 0 ? kept.length : place, 0, losses);
    kept.splice(topK);
  }
  return new Set(kept.map(({ epoch }) => epoch));
}

function monitored({ monitors }: CheckpointPolicy, { trainLoss, validationLoss }: EpochLosses): number {
  return monitors === 'validation' ? (validationLoss ?? NaN) : trainLoss;
}

/** Anything is better than a loss that is no number. */
function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
