import type { RunSpec } from '@ptychofleet/config';
import {
  advance,
  initialFleet,
  runId,
  tasksOf,
  workerId,
  type FleetEvent,
  type FleetLimits,
  type Plan,
} from '@ptychofleet/run';
import { expect } from 'vitest';
import { checksOf } from '../../apps/coordinator/src/submit.ts';

const tinyRuns: Record<'training' | 'inference', Plan> = {
  training: {
    ...{
      kind: 'training',
      groupCount: 16,
      validationGroupCount: 0,
      batchSize: 8,
      virtualShards: 4,
      epochs: 1,
    },
    ...{ seed: 1, sequential: true, accumulationSteps: 1 },
  },
  inference: { kind: 'inference', groupCount: 16, batchSize: 4 },
};

const fleetLimits: FleetLimits = {
  ...{ suspectMs: 1, heartbeatTimeoutMs: 1, lateMsLeast: 1, hungMsLeast: 1, hungMsUnknown: 1 },
  ...{ quarantineMs: 1, taskFailuresMax: 1 },
};

/** Who is given what, and why, in a fleet of three imaginary workers, one of which computes other bits. */
export function leasesOf(spec: RunSpec): readonly string[] {
  const run = runId('run');
  const fleet = initialFleet(fleetLimits);
  const events: FleetEvent[] = ['a', 'a', 'b'].map((numerics, i) => ({
    ...{ type: 'worker-joined', worker: workerId(`w${i}`), name: `w${i}`, slots: 1, numerics },
  }));
  const checks = checksOf(spec);
  events.push({ type: 'run-submitted', run, plan: tinyRuns[spec.kind], workersMin: 1, checks });
  const given: string[] = [];
  for (let event = events.shift(); event !== undefined; event = events.shift()) {
    for (const effect of advance(fleet, event, 0)) {
      if (effect.type === 'close-round') events.push({ type: 'round-closed', run, round: effect.round });
      if (effect.type !== 'assign-task') continue;
      const { worker, lease, round, block, why } = effect;
      given.push(`${worker} ${round}/${tasksOf(block).join()} ${why}`);
      events.push({ type: 'task-finished', worker, lease, digest: tasksOf(block).join(), computeMs: 1 });
    }
  }
  expect(fleet.runs.get(run)?.phase).toBe('succeeded');
  return given;
}
