import { expect, it } from 'vitest';
import { numericsPassport } from './passport.ts';
import { tensorCount } from './runtime.ts';

it('a passport shows the same gradient each time, and leaves nothing behind', () => {
  const first = numericsPassport();
  const tensors = tensorCount();
  const second = numericsPassport();
  expect(tensorCount()).toBe(tensors);
  expect(second).toEqual(first);
  expect(first.probe).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(first.instructions).toMatch(/^(avx512f|avx2|avx|sse4_2|asimd|unknown)$/);
});
