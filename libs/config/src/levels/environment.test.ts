import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOf } from '../factories/ports.test-support.ts';
import { registryOf } from '../fields/registry.ts';
import { environmentLevel } from './environment.ts';

function read(environment: Record<string, string | undefined>, kind: 'training' | 'inference' = 'training') {
  const { assignments } = environmentLevel(kind, environment);
  return Object.fromEntries(assignments.map(({ field, value }) => [field.path, value]));
}

describe('environmentLevel', () => {
  it('reads our variables and nobody else’s', () => {
    expect(
      read({ PTYCHOFLEET_BATCH_SIZE: '8', PTYCHOFLEET_SEED: '0', PATH: '/bin', HOME: undefined }),
    ).toEqual({
      'training.batchSize': 8,
      'training.seed': 0,
    });
    expect(
      read({ PTYCHOFLEET_N_FILTERS_SCALE: '1', PTYCHOFLEET_N: '128', PTYCHOFLEET_DETERMINISTIC: 'no' }),
    ).toEqual({
      'model.nFiltersScale': 1,
      'model.N': 128,
      'execution.deterministic': false,
    });
  });

  it('passes over the variables of the other kind of run', () => {
    expect(read({ PTYCHOFLEET_EPOCHS: '3' }, 'inference')).toEqual({});
    expect(read({ PTYCHOFLEET_STITCH_CROP: 'x' }, 'training')).toEqual({});
  });

  it('refuses a misspelt variable and a bad value', () => {
    expect(faultOf(() => read({ PTYCHOFLEET_BATCHSIZ: '8' })).message).toBe(
      'environment: PTYCHOFLEET_BATCHSIZ is not a known variable; the nearest known name is PTYCHOFLEET_BATCH_SIZE',
    );
    expect(faultOf(() => read({ PTYCHOFLEET_EPOCHS: '' })).message).toContain(
      'PTYCHOFLEET_EPOCHS: received ""',
    );
    expect(faultOf(() => read({ PTYCHOFLEET_FNO_MODES: '9' })).kind).toBe('unsupported');
  });

  it('leaves the variables of a process to the process', () => {
    const environment = { PTYCHOFLEET_LISTEN: 'unix:/tmp/x' };
    expect(environmentLevel('training', environment, ['PTYCHOFLEET_LISTEN']).assignments).toEqual([]);
    expect(faultOf(() => environmentLevel('training', environment)).kind).toBe('invalid-input');
  });

  it('throws nothing but Fault', () => {
    const known = registryOf('training').specFields.map(({ variable }) => variable);
    const name = fc.oneof(
      fc.constantFrom(...known),
      fc.string().map((text) => `PTYCHOFLEET_${text}`),
    );
    fc.assert(
      fc.property(fc.dictionary(name, fc.string({ unit: 'binary' })), (environment) => {
        try {
          environmentLevel('training', environment);
        } catch (error) {
          expect((error as Error).name).toBe('Fault');
        }
      }),
      { numRuns: 1000 },
    );
  });
});
