import { describe, expect, it } from 'vitest';
import { labelsOf } from './labels.ts';

describe('labels', () => {
  it.each([
    [['out/rec/reconstruction.npz'], ['reconstruction.npz']],
    [
      ['out/a/rec/r.npz', 'out/b/rec/r.npz'],
      ['a', 'b'],
    ],
    [
      ['a.npz', './b.npz'],
      ['a.npz', 'b.npz'],
    ],
    [
      ['x/one/deep/r.npz', 'x/two/r.npz'],
      ['one/deep', 'two'],
    ],
    [
      ['r.npz', 'out/r.npz'],
      ['r.npz', 'out'],
    ],
    [
      ['same.npz', 'same.npz'],
      ['same.npz', 'same.npz'],
    ],
  ])('of %j', (paths, labels) => {
    expect(labelsOf(paths)).toEqual(labels);
  });
});
