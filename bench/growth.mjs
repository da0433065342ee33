import { limits } from '@ptychofleet/config';
import { advance, initialFleet, runId, workerId } from '@ptychofleet/run';
import { interleave, valueRow } from './measure.mjs';

export const title = 'growth: decisions of the fleet machine alone, one shard for each worker';

const id = runId('run');

/**
 * A run of so many workers in which each answers in turn: every worker is heard of and answers once a step. Counts events and
 * the time that the machine takes to decide about them.
 */
function decide(workers, steps) {
  const state = initialFleet(limits);
  const taken = { events: 0, ms: 0 };
  const work = [];
  let nowMs = 0;
  const tell = (event) => {
    const startedMs = performance.now();
    const effects = advance(state, event, nowMs);
    taken.ms += performance.now() - startedMs;
    taken.events += 1;
    for (const effect of effects) {
      if (effect.type === 'assign-task' || effect.type === 'close-round') work.push(effect);
    }
  };
  for (let i = 0; i < workers; i++) {
    const name = `w${i}`;
    tell({ type: 'worker-joined', worker: workerId(name), name, slots: 2, numerics: 'one' });
  }
  const plan = {
    ...{ kind: 'training', groupCount: workers * steps, validationGroupCount: 0, batchSize: workers },
    ...{ virtualShards: workers, epochs: 1, seed: 1, sequential: true, accumulationSteps: 1 },
  };
  // What it takes to let the workers in is not part of a step.
  Object.assign(taken, { events: 0, ms: 0 });
  tell({ type: 'run-submitted', run: id, plan, workersMin: 1 });
  while (work.length > 0) {
    const effect = work.shift();
    if (effect.type === 'close-round') {
      nowMs += 100;
      tell({ type: 'round-closed', run: id, round: effect.round });
      tell({ type: 'tick' });
    } else {
      const { worker, lease } = effect;
      tell({ type: 'worker-heard', worker });
      tell({ type: 'task-finished', worker, lease, digest: 'sha256:0', computeMs: 1 });
    }
  }
  const { step } = state.runs.get(id) ?? {};
  if (step !== steps) throw new Error(`the machine ended after ${step} of ${steps} steps`);
  return taken;
}

export async function run({ short }) {
  const steps = 10;
  const sizes = short ? [64, 1024] : [64, 256, 1024, 4096];
  const sides = Object.fromEntries(sizes.map((workers) => [workers, () => decide(workers, steps)]));
  const samples = await interleave(sides, { repeats: short ? 3 : 9, warmUp: 1 });
  return sizes.flatMap((workers) => {
    const taken = samples[workers];
    const what = `${workers} workers and shards`;
    return [
      valueRow(`${what}: events of a step`, '', taken.map(({ events }) => events / steps)), // prettier-ignore
      valueRow(`${what}: deciding about one`, 'µs', taken.map(({ events, ms }) => (1000 * ms) / events)), // prettier-ignore
      valueRow(`${what}: deciding in a step`, 'ms', taken.map(({ ms }) => ms / steps)), // prettier-ignore
    ];
  });
}
