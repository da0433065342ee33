import { expect, it } from 'vitest';
import { SlabPool } from './index.ts';

it('a pool hands out what it was given back, to one at a time, up to its limit and of its length alone', () => {
  const pool = new SlabPool(3, 2);
  const [one, two, three] = [pool.take(), pool.take(), pool.take()];
  expect(new Set([one, two, three]).size).toBe(3);
  for (const slab of [one, two, three, new Float32Array(4)]) pool.give(slab);
  const again = [pool.take(), pool.take(), pool.take()];
  expect(new Set(again.slice(0, 2))).toEqual(new Set([one, two]));
  expect(again[2]).not.toBe(three);
  expect(again.map(({ length }) => length)).toEqual([3, 3, 3]);
  pool.give(one);
  expect(() => pool.give(one)).toThrow(/given back once/);
});
