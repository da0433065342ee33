import { describe, expect, it } from 'vitest';
import { faultOf } from '../factories/ports.test-support.ts';
import { commandLineLevel } from '../levels/command-line.ts';
import { assignment } from '../levels/level.ts';
import { overrideLevel } from '../levels/overrides.ts';
import type { Field } from './field.ts';
import { foreignSection } from './foreign.ts';
import { registryOf } from './registry.ts';

/** A value that the field's type takes, or for a foreign name any value, other than the default. */
function anotherValue(field: Field): unknown {
  const byChoice = field.type.choices?.find((choice) => choice !== field.default && choice !== 'none');
  const candidates = [!field.default, byChoice, 1, 2, 0.5, 'something else'];
  const fits = (value: unknown): boolean =>
    value !== undefined && value !== field.default && field.type.schema.safeParse(value).success;
  return candidates.find(fits) ?? 'something else';
}

const kinds = ['training', 'inference'] as const;
const refusedFields = kinds.flatMap((kind) =>
  [...registryOf(kind).specFields, ...foreignSection.fields]
    .filter(({ refused }) => refused !== undefined)
    .map(
      (field) =>
        ({ kind, name: field.name, field, scope: field.section === 'foreign' ? 'foreign' : 'own' }) as const,
    ),
);

describe('every refused field', () => {
  it.each(refusedFields)('$kind $name says why', ({ field, scope }) => {
    const fault = faultOf(() => assignment({ field, scope }, anotherValue(field), 'here', 'typed'));
    expect(fault.kind).toBe('unsupported');
    expect(fault.message).toContain('here: ');
    expect(fault.message).toContain(field.refused);
    // A reason without advice leaves the reader stuck.
    expect(field.refused).toMatch(/, (so|since) | yet; /);
  });

  it.each(refusedFields)(
    '$kind $name takes the value that describes what is done anyway',
    ({ kind, field, scope }) => {
      expect(assignment({ field, scope }, field.default, 'here', 'typed').value).toEqual(field.default);
      expect(overrideLevel(kind, { [field.name]: field.default }).assignments).toHaveLength(1);
    },
  );
});

const refusedValues = kinds.flatMap((kind) =>
  registryOf(kind).specFields.flatMap((field) =>
    Object.entries(field.refusedValues ?? {}).map(([value, reason]) => ({
      kind,
      path: field.path,
      value,
      reason,
      field,
    })),
  ),
);

describe('every refused value', () => {
  it.each(refusedValues)('$kind $path $value says why', ({ field, value, reason }) => {
    expect(field.type.choices).toContain(value);
    const fault = faultOf(() => assignment({ field, scope: 'own' }, value, 'here', 'text'));
    expect(fault.message).toBe(`here: ${value} is not available: ${reason}`);
    expect(reason).toMatch(/; use /);
  });
});

it('the same reasons reach the command line', () => {
  const message = (flag: string, text?: string) =>
    faultOf(() => commandLineLevel('train', [text === undefined ? { flag } : { flag, text }])).message;
  expect(message('--accelerator', 'mps')).toContain('Apple GPUs');
  expect(message('--pin-memory')).toContain('keeps its patterns in memory');
  expect(message('--architecture', 'hybrid')).toContain('the supported architectures are: cnn');
  expect(message('--debug-dump', 'x')).toContain('not written');
  expect(message('--strategy', 'ddp')).toContain('starting workers');
  expect(message('--training_directories', 'data')).toContain('--train_data_file');
});
