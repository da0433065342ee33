import { ruleFault } from './rule-fault.ts';
import type { TrainingRunSpec } from './run-spec.ts';

/** The losses that a run's checkpoints can be judged by: what each name means (training spec §8). */
export function monitoredLosses(
  kind: TrainingRunSpec['loss']['kind'],
): ReadonlyMap<string, 'train' | 'validation'> {
  return new Map([
    ['val_loss', 'validation'],
    ['train_loss', 'train'],
    [`${kind}_val_loss`, 'validation'],
    [`${kind}_train_loss`, 'train'],
  ]);
}

/** @throws Fault when checkpoints are to be judged by something that the run does not measure */
export function checkCheckpoints({ loss, execution }: TrainingRunSpec): void {
  const names = [...monitoredLosses(loss.kind).keys()];
  const wanted = execution.checkpointMonitorMetric;
  if (names.includes(wanted)) return;
  const expected = `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;
  throw ruleFault('execution.checkpointMonitorMetric', wanted, expected);
}
