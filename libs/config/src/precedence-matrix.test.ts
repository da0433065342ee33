import { describe, expect, it } from 'vitest';
import { isOpen, samplesOf } from './field-samples.test-support.ts';
import { negativeFlags, valueFlags, type Field } from './fields/field.ts';
import { registryOf, type RunKind } from './fields/registry.ts';
import { commandLineLevel, type RawFlag } from './levels/command-line.ts';
import { configFileLevel } from './levels/config-file.ts';
import { environmentLevel } from './levels/environment.ts';
import type { Level, LevelName } from './levels/level.ts';
import { executionLevel, overrideLevel } from './levels/overrides.ts';
import { Resolution } from './resolution.ts';

/** docs/adr/0002-precedence.md, written down a second time on purpose. */
const order = [
  'override',
  'execution-config',
  'command-line',
  'config-file',
  'environment',
  'inferred',
  'profile',
  'command-default',
] as const satisfies readonly LevelName[];

const asText = (value: unknown): string => (value === null ? 'none' : String(value));

/** The level saying this of the field in its own form; the last three are made by the factories, not by users. */
function levelOf(name: (typeof order)[number], kind: RunKind, field: Field, value: unknown): Level {
  switch (name) {
    case 'override':
      return overrideLevel(kind, { [field.name]: value });
    case 'execution-config':
      return executionLevel(kind, { [field.name]: value });
    case 'command-line':
      return commandLineLevel(kind === 'training' ? 'train' : 'infer', [flagOf(field, value)]);
    case 'config-file':
      return configFileLevel(kind, JSON.stringify({ [field.name]: value }), 'run.json');
    case 'environment':
      return environmentLevel(kind, { [field.variable]: asText(value) });
    default:
      return { name, assignments: [{ field, value, source: name }], warnings: [] };
  }
}

function flagOf(field: Field, value: unknown): RawFlag {
  const [flag = ''] = valueFlags(field);
  if (field.type.valueName !== null) return { flag, text: asText(value) };
  return { flag: value === true ? flag : (negativeFlags(field)[0] ?? '') };
}

function speaks(name: LevelName, field: Field): boolean {
  const notAmongFiles = name !== 'config-file' || field.path !== 'input.configFile';
  const execution = field.section === 'execution' || field.inExecutionConfig === true;
  return notAmongFiles && (name !== 'execution-config' || execution);
}

describe.each(['training', 'inference'] as const)('every pair of levels, %s', (kind) => {
  const { inputFields, specFields } = registryOf(kind);
  const live = [...inputFields, ...specFields].filter(isOpen);
  it.each(live.map((field) => [field.path, field] as const))('%s', (_, field) => {
    const [a, b = field.default] = samplesOf(field);
    expect(a).toBeDefined();
    const speaking = order.filter((name) => speaks(name, field));
    speaking.forEach((stronger, place) => {
      // The default is the weakest: any level beats it.
      expect(new Resolution([levelOf(stronger, kind, field, a)]).get(field)).toBe(a);
      for (const weaker of speaking.slice(place + 1)) {
        for (const [winner, loser] of [
          [a, b],
          [b, a],
        ]) {
          const strong = levelOf(stronger, kind, field, winner);
          const weak = levelOf(weaker, kind, field, loser);
          // The order in which levels are handed over says nothing.
          for (const levels of [[strong, weak] as const, [weak, strong] as const]) {
            const resolution = new Resolution(levels);
            expect(resolution.get(field)).toBe(winner);
            expect(
              resolution.trail.map(({ level, oldValue, newValue }) => [level, oldValue, newValue]),
            ).toEqual([
              [weaker, field.default, loser],
              [stronger, loser, winner],
            ]);
          }
        }
      }
    });
  });
});
