import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOf } from '../factories/ports.test-support.ts';
import { registryOf } from '../fields/registry.ts';
import { executionLevel, overrideLevel, type Overrides } from './overrides.ts';

const read = (overrides: Overrides) =>
  Object.fromEntries(
    overrideLevel('training', overrides).assignments.map(({ field, value }) => [field.path, value]),
  );

describe('overrideLevel', () => {
  it("takes camelCase, snake_case, upstream's aliases and sections", () => {
    const expected = { 'training.epochs': 2, 'data.neighborCount': 8 };
    expect(read({ epochs: 2, neighborCount: 8 })).toEqual(expected);
    expect(read({ max_epochs: 2, K: 8 })).toEqual(expected);
    expect(read({ training: { epochs: 2 }, data: { neighbor_count: 8 } })).toEqual(expected);
  });

  it('takes undefined as not given and null as a value', () => {
    expect(read({ epochs: undefined, gradientClipVal: null })).toEqual({ 'training.gradientClipVal': null });
  });

  it('is typed: a text is no number', () => {
    expect(faultOf(() => read({ epochs: '2' })).message).toBe(
      'epochs in overrides: received 2, expected an integer at least 1 and at most 1000000',
    );
  });

  it.each([
    [{ batchsize: 8 }, 'overrides: batchsize is not a known field; the nearest known name is batchSize'],
    [{ max_epochs: 2, epochs: 3 }, 'max_epochs in overrides says 2 and epochs in overrides says 3'],
    [{ inferenceBatchSize: 3 }, 'execution.inferenceBatchSize has no effect in training'],
    [{ model: 3 }, 'model is not a known field'],
    [{ epochs: 10n }, 'epochs in overrides: received 10'],
    [{ epochs: Symbol('x') }, 'epochs in overrides: received a symbol'],
  ])('refuses %o', (overrides, message) => {
    expect(faultOf(() => read(overrides)).message).toContain(message);
  });

  it('throws nothing but Fault', () => {
    const keys = registryOf('training').specFields.flatMap(({ keys: spelled }) => spelled);
    const key = fc.oneof(fc.constantFrom(...keys, 'model', 'data', 'fnoModes', 'xBounds'), fc.string());
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.anything({ withBigInt: true, withDate: true, withMap: true })),
        (overrides) => {
          try {
            overrideLevel('training', overrides);
            executionLevel('inference', overrides);
          } catch (error) {
            expect((error as Error).name).toBe('Fault');
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('executionLevel', () => {
  const paths = (kind: 'training' | 'inference', config: Overrides) =>
    executionLevel(kind, config).assignments.map(({ field }) => field.path);

  it('takes execution settings and the training fields that upstream keeps there', () => {
    expect(paths('training', { accelerator: 'cpu', learning_rate: 1e-4, scheduler: 'Exponential' })).toEqual([
      'execution.accelerator',
      'training.learningRate',
      'training.scheduler',
    ]);
  });

  it('serves both kinds of run with one object', () => {
    const config = { accelerator: 'cpu', learning_rate: 1e-4, inference_batch_size: 4, num_workers: 0 };
    expect(paths('training', config)).toEqual([
      'execution.accelerator',
      'training.learningRate',
      'execution.numWorkers',
    ]);
    expect(paths('inference', config)).toEqual([
      'execution.accelerator',
      'execution.inferenceBatchSize',
      'execution.numWorkers',
    ]);
  });

  it('refuses what is no execution setting', () => {
    expect(faultOf(() => paths('training', { batchSize: 4 })).message).toBe(
      'batchSize in executionConfig: training.batchSize is no execution setting; put it into overrides',
    );
  });
});
