import { describe, expect, it } from 'vitest';
import { kebabCase, nearestName, snakeCase } from './names.ts';

describe('spellings', () => {
  it.each([
    ['batchSize', 'batch_size', 'batch-size'],
    ['nFiltersScale', 'n_filters_scale', 'n-filters-scale'],
    ['maePredL2MatchTarget', 'mae_pred_l2_match_target', 'mae-pred-l2-match-target'],
    ['N', 'N', 'N'],
    ['seed', 'seed', 'seed'],
  ])('%s', (name, snake, kebab) => {
    expect([snakeCase(name), kebabCase(name)]).toEqual([snake, kebab]);
  });
});

describe('nearestName', () => {
  const known = ['batchSize', 'epochs', 'learningRate', 'N'];

  it('finds a slip of the finger, in any spelling', () => {
    expect(nearestName('bacth_size', known)).toBe('batchSize');
    expect(nearestName('EPOCH', known)).toBe('epochs');
    expect(nearestName('learning-rat', known)).toBe('learningRate');
  });

  it('names nothing far away', () => {
    expect(nearestName('xylophone', known)).toBeUndefined();
    expect(nearestName('anything', [])).toBeUndefined();
  });

  it.each(known)('finds %s by itself', (name) => {
    expect(nearestName(name, known)).toBe(name);
  });
});
