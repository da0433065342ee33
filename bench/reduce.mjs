import { createOptimizer, divideByCount, SlabPool, TreeReduction } from '@ptychofleet/params';
import { TwoThreads } from '../apps/coordinator/dist/two-threads.js';
import { interleave, ratioRow } from './measure.mjs';

export const title =
  'reduce: canonical tree, division and Adam on one thread, beside copying as many bytes; and on two';

const shards = 8;
const parts = {
  // 7 sums read two slabs and write one.
  tree: { bytesPerValue: 4 * 3 * (shards - 1), label: `tree of ${shards} slabs` },
  divide: { bytesPerValue: 4 * 2, label: 'division by the count' },
  // Adam reads the gradient and reads and writes weights and two moments.
  adam: { bytesPerValue: 4 * 7, label: 'Adam' },
};

export async function run({ short }) {
  const two = new TwoThreads();
  const rows = [];
  for (const size of short ? [2_346_000] : [2_346_000, 10_000_000]) {
    const slabs = Array.from({ length: shards }, (_, shard) => new Float32Array(size).fill(0.1 + shard));
    const gradient = new SlabPool(size, 1).take().fill(0.2);
    const copy = new Float32Array(size).fill(0);
    const spec = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, momentum: 0 };
    const [adam, both] = [createOptimizer(spec, size), createOptimizer(spec, size, two)];
    // As a run does: where the optimiser wants them.
    const [weights, weightsOfBoth] = [adam.room().fill(0.3), both.room().fill(0.3)];
    const timed = (body) => () => {
      const started = performance.now();
      body();
      return performance.now() - started;
    };
    const samples = await interleave(
      {
        tree: timed(() => {
          const tree = new TreeReduction(shards);
          slabs.forEach((slab, leaf) => tree.add(leaf, slab, 'lent'));
        }),
        divide: timed(() => divideByCount(gradient, 1)),
        adam: timed(() => adam.step(weights, gradient, 1e-4)),
        divideByTwo: timed(() => divideByCount(gradient, 1, two)),
        adamByTwo: timed(() => both.step(weightsOfBoth, gradient, 1e-4)),
        copy: timed(() => copy.set(weights)),
      },
      { repeats: short ? 5 : 15, warmUp: 3 },
    );
    const millions = (size / 1e6).toFixed(1);
    for (const [name, { bytesPerValue, label }] of Object.entries(parts)) {
      // One copied value is a read and a write.
      const copying = samples.copy.map((ms) => (ms * bytesPerValue) / 8);
      rows.push(ratioRow(`${label}, ${millions} M parameters`, 'ms', samples[name], copying));
      const byTwo = samples[`${name}ByTwo`];
      if (byTwo !== undefined) rows.push(ratioRow(`– on two threads beside one`, 'ms', byTwo, samples[name]));
    }
  }
  await two.stop();
  return rows;
}
