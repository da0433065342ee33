import { expect, it } from 'vitest';
import { advanceAt, joining, limits, tinyPlan } from './fleet.test-support.ts';
import { initialFleet, runId, workerId, type FleetEffect, type FleetState, type WorkerId } from './index.ts';

const run = runId('r');
const plan = { ...tinyPlan, groupCount: 8, batchSize: 4, virtualShards: 2 };

const given = (effects: readonly FleetEffect[]) =>
  effects.flatMap((effect) =>
    effect.type === 'assign-task'
      ? [{ worker: effect.worker, lease: effect.lease, task: effect.block.index }]
      : [],
  );
const answer = (state: FleetState, worker: WorkerId, lease: number, digest: string, atMs: number) =>
  advanceAt(state, { type: 'task-finished', worker, lease, digest, computeMs: 10 }, atMs);

/** Three workers: a block is audited by two; the third has delivered the other one and holds the audited one as well, late. */
function auditedStep() {
  const state = initialFleet(limits);
  const names = ['a', 'b', 'c'].map(workerId);
  for (const name of names) advanceAt(state, joining(name));
  const checks = { redundancy: 1, auditEverySteps: 1, mixedNumerics: false } as const;
  const first = given(advanceAt(state, { type: 'run-submitted', run, plan, workersMin: 3, checks }));
  expect(first).toHaveLength(3);
  const twice = first.find(({ task }, i) => first.some((other, j) => j !== i && other.task === task))!.task;
  const own = first.find(({ task }) => task !== twice)!;
  const effects = answer(state, own.worker, own.lease, 'its own', 0);
  // Both say nothing for a while, which is less than it takes to be given up.
  const honest = first.filter(({ task }) => task === twice);
  let atMs = 0;
  while (atMs < limits.heartbeatTimeoutMs && given(effects).length === 0) {
    atMs += 50;
    effects.push(...advanceAt(state, { type: 'worker-heard', worker: own.worker }, atMs));
    effects.push(...advanceAt(state, { type: 'tick' }, atMs));
  }
  const [third] = given(effects);
  expect(third).toMatchObject({ worker: own.worker, task: twice });
  return { state, atMs, third: third!, honest };
}

it('a liar that is found out while its step is being stored does not make that step begin anew', () => {
  const { state, atMs, third, honest } = auditedStep();
  const [one, two] = honest.map(({ worker, lease }) => answer(state, worker, lease, 'agreed', atMs));
  expect([...one!, ...two!].filter(({ type }) => type === 'close-round')).toHaveLength(1);
  const late = answer(state, third.worker, third.lease, 'a lie', atMs);
  expect(late.map(({ type }) => type)).not.toContain('void-round');
  expect([...state.quarantine.keys()]).toEqual([third.worker]);
  const notes = late.flatMap((effect) => (effect.type === 'note' ? [effect.text] : []));
  expect(notes.join('\n')).toMatch(/has been used/);
  const closed = advanceAt(state, { type: 'round-closed', run, round: 0 }, atMs);
  expect(given(closed).map(({ worker }) => worker)).not.toContain(third.worker);
  expect(state.runs.get(run)).toMatchObject({ phase: 'running', round: { number: 1 } });
});

it('found out before, it does: what it had delivered is computed again', () => {
  const { state, atMs, third, honest } = auditedStep();
  answer(state, honest[0]!.worker, honest[0]!.lease, 'agreed', atMs);
  answer(state, third.worker, third.lease, 'a lie', atMs);
  const last = answer(state, honest[1]!.worker, honest[1]!.lease, 'agreed', atMs);
  expect(last.map(({ type }) => type)).toContain('void-round');
  expect(last.map(({ type }) => type)).not.toContain('close-round');
});
