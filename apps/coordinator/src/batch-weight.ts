import type { PreparedScan } from '@ptychofleet/data';
import { microBatchOfStep, shardsOfStep, type TrainingPlan } from '@ptychofleet/run';

/**
 * Workers divide by the mean amplitude of the run; this makes it the mean of the batch (training spec §11): of all its
 * groups, whoever computed them.
 */
export function weightOfBatch(
  plan: TrainingPlan,
  scan: PreparedScan,
  { epoch, stepInEpoch }: { readonly epoch: number; readonly stepInEpoch: number },
): number {
  const area = scan.N * scan.N;
  let sum = 0;
  let patterns = 0;
  for (let shard = 0; shard < shardsOfStep(plan, stepInEpoch); shard++) {
    for (const group of microBatchOfStep(plan, epoch, stepInEpoch, shard)) {
      if (group < 0) continue;
      for (const pattern of scan.groups.subarray(group * scan.C, (group + 1) * scan.C)) {
        for (let at = pattern * area; at < (pattern + 1) * area; at++) sum += scan.patterns[at];
        patterns += 1;
      }
    }
  }
  return scan.scales.meanAmplitude / (sum / (patterns * area) + 1e-8);
}
