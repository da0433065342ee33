import { bytesOf, RandomSequence, RandomStream } from '@ptychofleet/base';
import {
  addSlab,
  createOptimizer,
  divideByCount,
  layoutOf,
  namedSlabDigests,
  ownHands,
  scaleSlab,
  slabDigests,
  SlabPool,
  type Hands,
  type OptimizerSpec,
} from '@ptychofleet/params';
import { afterAll, describe, expect, it } from 'vitest';
import { TwoThreads } from './two-threads.ts';

const seed = 20261130;
console.info(`two threads: seed ${seed}`);
const random = new RandomSequence(new RandomStream(seed, 'two threads'));
const dist = (file: string): URL => new URL(`../dist/${file}`, import.meta.url);
/** One that never takes anything. */
const idle = new URL('data:text/javascript,setInterval(() => undefined, 1e6)');

const two = new TwoThreads(dist('second-thread.js'));
const alone = new TwoThreads(idle);
afterAll(() => Promise.all([two.stop(), alone.stop()]));

// Items have 65,536 floats: around whole ones, an odd length, and many.
const sizes = [1000, 262_144, 262_145, 393_215, 1_000_003];

const adam: OptimizerSpec = {
  kind: 'adam',
  ...{ beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, momentum: 0 },
};

/** Everything that is done to slabs in a few steps, and what comes of it. */
function steps(size: number, hands: Hands, values: readonly Float32Array[]): Float32Array[] {
  const pool = new SlabPool(size, 4);
  const optimizer = createOptimizer(adam, size, hands);
  const weights = optimizer.room();
  weights.set(values[0]!);
  const made: Float32Array[] = [];
  for (const [step, drawn] of values.slice(1).entries()) {
    const [sum, part] = [pool.take(), pool.take()];
    sum.set(drawn);
    part.set(values[step]!);
    addSlab(sum, part, hands);
    scaleSlab(sum, 1 / 3, hands);
    divideByCount(sum, 7 + step, hands);
    optimizer.step(weights, sum, 1e-3);
    made.push(sum.slice(), weights.slice());
    pool.give(sum);
    pool.give(part);
  }
  return [...made, ...Object.values(optimizer.lendState().slabs)];
}

describe.each([
  ['two threads', two],
  ['one of two, where the other gets no core,', alone],
])('%s', (_, hands) => {
  it.each(sizes)('have the bytes of one over %i floats', (size) => {
    const values = Array.from({ length: 6 }, () =>
      Float32Array.from({ length: size }, () => (2 * random.uniform() - 1) * 2 ** (random.integer(40) - 20)),
    );
    const expected = steps(size, ownHands, values);
    for (let round = 0; round < 5; round++) {
      steps(size, hands, values).forEach((slab, place) => {
        expect(Buffer.compare(bytesOf(slab), bytesOf(expected[place]!)), `round ${round}, ${place}`).toBe(0);
      });
    }
  });

  it('tell the digests of one', () => {
    const shapes = [[3], [40, 40], [7], [300, 200], [1], [128, 64], [9, 9]];
    const tensors = shapes.map((shape, place) => ({
      ...{ name: `t${place}`, shape, fanIn: 1, fanOut: 1 },
      role: 'kernel' as const,
    }));
    const layout = layoutOf(tensors);
    const slab = new SlabPool(layout.size, 1).take();
    for (let round = 0; round < 20; round++) {
      slab.forEach((_, place) => (slab[place] = random.uniform()));
      expect(slabDigests(layout, slab, hands)).toEqual(slabDigests(layout, slab.slice()));
      expect(namedSlabDigests(layout, slab, hands)).toEqual(namedSlabDigests(layout, slab.slice()));
    }
  });
});

it('work on memory that only one thread sees is left to it', () => {
  const slab = new Float32Array(1_000_000).fill(3);
  divideByCount(slab, 3, two);
  expect(slab.every((value) => value === 1)).toBe(true);
});
