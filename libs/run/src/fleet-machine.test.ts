import { RandomSequence, RandomStream } from '@ptychofleet/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advanceAt, joining, limits, tinyPlan } from './fleet.test-support.ts';
import {
  initialFleet,
  microBatchOfStep,
  microBatchSize,
  runId,
  shardsOfStep,
  stepsPerEpoch,
  tasksOf,
  workerId,
  type Block,
  type FleetEffect,
  type FleetEvent,
  type TrainingPlan,
} from './index.ts';

const plans = fc
  .record({
    groupCount: fc.integer({ min: 1, max: 90 }),
    shardsLog: fc.integer({ min: 0, max: 4 }),
    microLog: fc.integer({ min: 0, max: 2 }),
    epochs: fc.integer({ min: 1, max: 3 }),
    seed: fc.nat(),
    validationGroupCount: fc.constantFrom(0, 7),
    sequential: fc.boolean(),
  })
  .map(({ shardsLog, microLog, ...rest }): TrainingPlan => ({
    kind: 'training',
    ...rest,
    virtualShards: 2 ** shardsLog,
    batchSize: 2 ** (shardsLog + microLog),
    accumulationSteps: 1,
  }));

describe('micro-batches', () => {
  it('take each group of an epoch exactly once, and only real shards have groups', () => {
    fc.assert(
      fc.property(plans, fc.nat(5), (plan, epoch) => {
        const seen: number[] = [];
        for (let step = 0; step < stepsPerEpoch(plan); step++) {
          for (let shard = 0; shard < plan.virtualShards; shard++) {
            const groups = microBatchOfStep(plan, epoch, step, shard);
            expect(groups.length).toBe(microBatchSize(plan));
            const real = [...groups].filter((group) => group >= 0);
            expect(real.length > 0).toBe(shard < shardsOfStep(plan, step));
            seen.push(...real);
          }
        }
        expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: plan.groupCount }, (_, i) => i));
      }),
    );
  });
});

/** A fleet of imaginary workers that join, die and answer in random order: the dumbest driver there is. */
function drive(plan: TrainingPlan, seed: number): { accepted: string[]; closed: number; phase: string } {
  const random = new RandomSequence(new RandomStream(seed, 'drive'));
  const state = initialFleet(limits);
  const run = runId('r');
  const open: { worker: string; lease: number }[] = [];
  const accepted: string[] = [];
  const pending: FleetEvent[] = [];
  let joined = 0;
  let closed = 0;

  const take = (effects: FleetEffect[]): void => {
    for (const effect of effects) {
      if (effect.type === 'assign-task') open.push({ worker: effect.worker, lease: effect.lease });
      if (effect.type === 'accept-result') {
        accepted.push(...tasksOf(effect.block).map((task) => `${effect.round}/${task}`));
      }
      if (effect.type === 'close-round') {
        closed += 1;
        pending.push({ type: 'round-closed', run, round: effect.round });
      }
    }
  };
  const join = (): void => take(advanceAt(state, joining(workerId(`w${joined++}`), 1 + (joined % 2))));

  const intakeMs = 20 * random.integer(3);
  take(advanceAt(state, { type: 'run-submitted', run, plan, workersMin: 1, intakeMs }));
  for (let turn = 0; turn < 20_000 && state.runs.get(run)?.phase !== 'succeeded'; turn++) {
    const event = pending.shift();
    if (event !== undefined) take(advanceAt(state, event));
    else if (state.workers.size === 0 || (state.workers.size < 5 && random.uniform() < 0.1)) join();
    else if (random.uniform() < 0.08) {
      const victim = [...state.workers.keys()][random.integer(state.workers.size)]!;
      take(advanceAt(state, { type: 'worker-lost', worker: victim, reason: 'test' }));
    } else if (open.length > 0) {
      const [answer] = open.splice(random.integer(open.length), 1);
      // Answers of the dead arrive too, and some arrive twice.
      take(
        advanceAt(state, {
          type: 'task-finished',
          worker: workerId(answer!.worker),
          lease: answer!.lease,
          digest: 'same',
          computeMs: 40 * random.uniform(),
        }),
      );
      if (random.uniform() < 0.05) open.push(answer!);
    }
    for (const lease of state.leases.values()) expect(state.workers.has(lease.worker)).toBe(true);
  }
  return { accepted, closed, phase: state.runs.get(run)!.phase };
}

describe('fleet machine', () => {
  it('accepts each task of each round exactly once, whoever comes and goes', () => {
    fc.assert(
      fc.property(plans, fc.nat(), (plan, seed) => {
        const { accepted, closed, phase } = drive(plan, seed);
        expect(phase).toBe('succeeded');
        expect(new Set(accepted).size).toBe(accepted.length);
        const validation = plan.validationGroupCount > 0 ? 1 : 0;
        expect(closed).toBe(plan.epochs * (stepsPerEpoch(plan) + validation));
        const shards = Array.from({ length: stepsPerEpoch(plan) }, (_, s) => shardsOfStep(plan, s));
        const perEpoch =
          shards.reduce((a, b) => a + b, 0) +
          validation * Math.ceil(plan.validationGroupCount / microBatchSize(plan));
        expect(accepted.length).toBe(plan.epochs * perEpoch);
      }),
      { numRuns: 60 },
    );
  });

  it('holds a paused run, lets the next one begin, and goes on in the middle of the round', () => {
    const state = initialFleet(limits);
    const plan = { ...tinyPlan, groupCount: 8, batchSize: 8, virtualShards: 8, epochs: 1 };
    const [first, second, worker] = [runId('a'), runId('b'), workerId('w')];
    const leases = (effects: FleetEffect[]): [string, number, Block][] =>
      effects.flatMap((effect) =>
        effect.type === 'assign-task' ? [[effect.run, effect.lease, effect.block]] : [],
      );
    advanceAt(state, joining(worker));
    advanceAt(state, joining(workerId('v')));
    const given = leases(advanceAt(state, { type: 'run-submitted', run: first, plan, workersMin: 1 }));
    expect(given).toEqual([
      ['a', 1, { level: 0, index: 0 }],
      ['a', 2, { level: 0, index: 1 }],
    ]);
    expect(leases(advanceAt(state, { type: 'run-paused', run: first }))).toEqual([]);
    advanceAt(state, { type: 'worker-lost', worker: workerId('v'), reason: 'test' });
    const finished = advanceAt(state, {
      type: 'task-finished',
      worker,
      lease: 1,
      digest: 'same',
      computeMs: 1,
    });
    expect(finished.map(({ type }) => type)).toEqual(['accept-result']);
    const next = advanceAt(state, { type: 'run-submitted', run: second, plan, workersMin: 1 });
    expect(leases(next)).toEqual([['b', 3, { level: 0, index: 0 }]]);
    advanceAt(state, { type: 'run-resumed', run: first });
    expect(state.runs.get(first)).toMatchObject({
      phase: 'queued',
      reason: 'waits for the training run before it',
    });
    const ended = advanceAt(state, { type: 'run-cancelled', run: second });
    expect(leases(ended)).toEqual([['a', 4, { level: 0, index: 1 }]]);
  });

  it('waits with a reason until enough workers are present', () => {
    const state = initialFleet(limits);
    const plan = { ...tinyPlan, groupCount: 4, virtualShards: 2 };
    advanceAt(state, { type: 'run-submitted', run: runId('r'), plan, workersMin: 2 });
    advanceAt(state, joining(workerId('a')), 0);
    expect(state.runs.get(runId('r'))).toMatchObject({
      phase: 'queued',
      reason: 'waits for workers: 1 of at least 2 present',
    });
    const effects = advanceAt(state, joining(workerId('b')), 0);
    expect(effects.filter((effect) => effect.type === 'assign-task')).toHaveLength(2);
  });

  it('loses a silent worker and gives its micro-batch to another', () => {
    const state = initialFleet(limits);
    const plan = tinyPlan;
    advanceAt(state, { type: 'run-submitted', run: runId('r'), plan, workersMin: 1 });
    advanceAt(state, joining(workerId('a')), 0);
    for (const atMs of [250, 500, 700]) advanceAt(state, { type: 'tick' }, atMs);
    advanceAt(state, joining(workerId('b')), 900);
    const effects = [1100, 1300, 1500].flatMap((atMs) => advanceAt(state, { type: 'tick' }, atMs));
    expect(effects).toContainEqual(expect.objectContaining({ type: 'dismiss-worker', worker: 'a' }));
    expect(effects).toContainEqual(
      expect.objectContaining({ type: 'assign-task', worker: 'b', block: { level: 0, index: 0 } }),
    );
  });

  describe('with a worker that has finished all it can, in 10 ms each, and one that has finished nothing', () => {
    const [steady, slow] = [workerId('a'), workerId('b')];

    function begin() {
      const state = initialFleet(limits);
      const plan = { ...tinyPlan, groupCount: 8, batchSize: 8, virtualShards: 8 };
      for (const worker of [steady, slow]) advanceAt(state, joining(worker, 2));
      advanceAt(state, { type: 'run-submitted', run: runId('r'), plan, workersMin: 1 });
      let nowMs = 0;
      for (let lease: number | undefined; ;) {
        lease = [...state.workers.get(steady)!.leases][0];
        if (lease === undefined) break;
        nowMs += 10;
        advanceAt(state, { type: 'task-finished', worker: steady, lease, digest: 'd', computeMs: 10 }, nowMs);
      }
      /** What is given out at these times, looking at the clock. */
      const given = (...afterMs: number[]) =>
        afterMs
          .flatMap((ms) => advanceAt(state, { type: 'tick' }, nowMs + ms))
          .flatMap((effect) =>
            effect.type === 'assign-task' ? [[effect.worker, ...tasksOf(effect.block), effect.why]] : [],
          );
      const arrive = (lease: number, afterMs: number) =>
        advanceAt(state, { type: 'result-arriving', worker: slow, lease }, nowMs + afterMs);
      const [first, second] = [...state.workers.get(slow)!.leases] as [number, number];
      return { state, nowMs, given, arrive, first, second };
    }

    it('gives others what the late one is at and what it holds ahead, once each', () => {
      const { given } = begin();
      expect(given(100, 200, 300)).toEqual([
        ['a', 1, expect.stringMatching(/^b is late: \d+ ms/)],
        ['a', 3, 'b is late with what it does before'],
      ]);
    });

    it('waits for a result that is on its way, as long as blocks take, and counts the next from then on', () => {
      const { state, nowMs, given, arrive, first, second } = begin();
      // By now it would be late, had anybody looked.
      expect(nowMs - state.leases.get(first)!.startedMs!).toBeGreaterThan(limits.lateMsLeast);
      arrive(first, 1);
      expect(state.leases.get(second)?.startedMs).toBe(nowMs + 1);
      expect(given(limits.lateMsLeast)).toEqual([]);
      expect(given(limits.lateMsLeast + 2)).toEqual([
        ['a', 1, expect.stringMatching(/^b is late: \d+ ms/)],
        ['a', 3, expect.stringMatching(/^b is late: \d+ ms/)],
      ]);
    });

    it('is not late for ever with all that comes after one late block', () => {
      const { state, given, arrive, first, second } = begin();
      advanceAt(state, { type: 'worker-draining', worker: steady, reason: 'for the test' }, 0);
      given(100, 200);
      const lateness = () => [first, second].map((id) => state.leases.get(id)?.late);
      expect(lateness()).toEqual([true, true]);
      arrive(first, 201);
      expect(lateness()).toEqual([false, false]);
    });

    it('leaves to a worker what it holds when it is heard again, unless it is late all the same', () => {
      const { state, nowMs, given, first, second } = begin();
      advanceAt(state, { type: 'worker-draining', worker: steady, reason: 'for the test' }, nowMs);
      for (const afterMs of [300, 600, 900]) given(afterMs);
      const lateness = () => [first, second].map((id) => state.leases.get(id)?.late);
      expect(state.workers.get(slow)?.silent).toBe(true);
      expect(lateness()).toEqual([true, true]);
      advanceAt(state, { type: 'worker-heard', worker: slow }, nowMs + 901);
      expect(lateness()).toEqual([false, false]);
      given(902);
      expect(lateness()).toEqual([true, true]);
    });

    it('no longer counts a result as late that begins to arrive', () => {
      const { state, given, arrive, first } = begin();
      const busy = advanceAt(state, { type: 'worker-draining', worker: steady, reason: 'for the test' }, 0);
      expect(busy).not.toEqual([]);
      expect(given(100, 200)).toEqual([]);
      expect(state.leases.get(first)?.late).toBe(true);
      arrive(first, 210);
      expect(state.leases.get(first)?.late).toBe(false);
      // Once only: whoever began to deliver may not begin for ever.
      expect(given(600)).toEqual([]);
      arrive(first, 610);
      expect(state.leases.get(first)?.late).toBe(true);
    });

    it('knows nothing of results of others, or of leases that are over', () => {
      const { state, arrive, nowMs } = begin();
      const before = structuredClone([...state.leases.values()]);
      arrive(99, 1);
      advanceAt(state, { type: 'result-arriving', worker: steady, lease: before[0]!.id }, nowMs + 1);
      expect([...state.leases.values()]).toEqual(before);
    });
  });

  it('takes a leap of the clock for no silence', () => {
    const state = initialFleet(limits);
    advanceAt(state, joining(workerId('a')), 0);
    expect([90_000, -5000, 400].flatMap((atMs) => advanceAt(state, { type: 'tick' }, atMs))).toEqual([]);
  });

  it('fails a run whose task fails again and again, with the reason', () => {
    const state = initialFleet({ ...limits, taskFailuresMax: 2 });
    const plan = tinyPlan;
    advanceAt(state, { type: 'run-submitted', run: runId('r'), plan, workersMin: 1 });
    advanceAt(state, joining(workerId('a')), 0);
    for (const lease of [1, 2]) {
      advanceAt(state, { type: 'task-failed', worker: workerId('a'), lease, reason: 'out of memory' });
    }
    expect(state.runs.get(runId('r'))).toMatchObject({ phase: 'failed', reason: 'out of memory' });
    expect(state.leases.size).toBe(0);
  });
});
