import { describe, expect, it } from 'vitest';
import { advanceAt, joining, limits, tinyPlan } from './fleet.test-support.ts';
import { initialFleet, runId, tasksOf, workerId, type FleetEvent } from './index.ts';

interface Pace {
  /** Of one task, on every worker. */
  readonly computeMs: number;
  readonly intakeMs: number;
}

/** Who was given what in each step of a fleet whose workers answer in turn. */
function leasesOfSteps(
  virtualShards: number,
  workerCount: number,
  { computeMs, intakeMs }: Pace,
): string[][] {
  const state = initialFleet(limits);
  const plan = { ...tinyPlan, groupCount: virtualShards, batchSize: virtualShards, virtualShards, epochs: 6 };
  const steps: string[][] = [];
  const events: FleetEvent[] = Array.from({ length: workerCount }, (_, i) => joining(workerId(`w${i}`)));
  events.push({ type: 'run-submitted', run: runId('r'), plan, workersMin: 1, intakeMs });
  for (let event = events.shift(); event !== undefined; event = events.shift()) {
    for (const effect of advanceAt(state, event)) {
      if (effect.type === 'close-round')
        events.push({ type: 'round-closed', run: effect.run, round: effect.round });
      if (effect.type !== 'assign-task') continue;
      const { worker, lease, round, block } = effect;
      const tasks = tasksOf(block);
      (steps[round] ??= []).push(`${worker}: ${tasks.join(' ')}`);
      events.push({
        type: 'task-finished',
        worker,
        lease,
        digest: 'same',
        computeMs: tasks.length * computeMs,
      });
    }
  }
  return steps;
}

describe('leases of a step', () => {
  const lastStep = (shards: number, workers: number, pace: Pace) =>
    leasesOfSteps(shards, workers, pace).at(-1);

  it('are the largest aligned blocks that keep every worker busy, where the coordinator would be too slow for more', () => {
    const slowIntake = { computeMs: 1, intakeMs: 100 };
    expect(lastStep(4, 1, slowIntake)).toEqual(['w0: 0 1 2 3']);
    expect(lastStep(4, 2, slowIntake)).toEqual(['w0: 0 1', 'w1: 2 3']);
    expect(lastStep(4, 3, slowIntake)).toEqual(['w0: 0', 'w1: 1', 'w2: 2 3']);
    expect(lastStep(2, 3, slowIntake)).toEqual(['w0: 0', 'w1: 1']);
    expect(lastStep(8, 3, slowIntake)).toEqual(['w0: 0 1', 'w1: 2 3', 'w2: 4 5 6 7']);
    expect(lastStep(16, 1, slowIntake)).toEqual(['w0: 0 1 2 3 4 5 6 7', 'w0: 8 9 10 11 12 13 14 15']);
  });

  it('are no larger than that needs: one micro-batch where the coordinator keeps up', () => {
    const pace = { computeMs: 100, intakeMs: 40 };
    expect(lastStep(4, 2, pace)).toEqual(['w0: 0', 'w1: 1', 'w0: 2', 'w1: 3']);
    expect(lastStep(16, 4, pace)?.[0]).toBe('w0: 0 1');
    expect(lastStep(64, 8, pace)?.[0]).toBe('w0: 0 1 2 3');
  });

  it('are of one micro-batch as long as nobody knows how long one takes', () => {
    expect(leasesOfSteps(4, 2, { computeMs: 1, intakeMs: 100 })[0]).toEqual([
      'w0: 0',
      'w1: 1',
      'w0: 2',
      'w1: 3',
    ]);
  });

  it('leave to a worker that is lost one micro-batch that it has begun', () => {
    const state = initialFleet(limits);
    const plan = { ...tinyPlan, groupCount: 8, batchSize: 8, virtualShards: 8 };
    for (const name of ['a', 'b']) advanceAt(state, joining(workerId(name), 2));
    advanceAt(state, { type: 'run-submitted', run: runId('r'), plan, workersMin: 1, intakeMs: 10 });
    const held = [...state.leases.values()].filter(({ worker }) => worker === 'b');
    expect(held.map(({ block, startedMs }) => [tasksOf(block), startedMs !== null])).toEqual([
      [[1], true],
      [[3], false],
    ]);
    const effects = advanceAt(state, { type: 'worker-lost', worker: workerId('b'), reason: 'killed' });
    expect(effects.filter(({ type }) => type === 'assign-task')).toEqual([]);
    expect(state.runs.get(runId('r'))?.round?.waiting).toEqual([1, 3, 4, 5, 6, 7]);
  });
});
