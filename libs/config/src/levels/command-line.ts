import { Fault } from '@ptychofleet/base';
import type { Field } from '../fields/field.ts';
import { registryOf, type FlagMeaning, type Registry, type RunKind } from '../fields/registry.ts';
import { otherKind } from './keyed-values.ts';
import { assignment, levelOf, unknownName, type Assignment, type Level } from './level.ts';
import { shown } from './shown.ts';

/** A command that runs something: its flags are made from the fields of that kind of run. */
export const runCommands = { train: 'training', infer: 'inference' } as const satisfies Record<
  string,
  RunKind
>;
export type RunCommand = keyof typeof runCommands;

/** A flag as it was typed, with the text that followed it, if any. */
export interface RawFlag {
  readonly flag: string;
  readonly text?: string;
}

/**
 * What the typed flags say.
 * @throws Fault naming the flag as typed: unknown, without its value, outside its type, not available, or in conflict
 */
export function commandLineLevel(command: RunCommand, rawFlags: readonly RawFlag[]): Level {
  const registry = registryOf(runCommands[command]);
  const assignments: Assignment[] = [];
  const warnings: string[] = [];
  for (const { flag, text } of gathered(registry, rawFlags)) {
    const meanings = registry.byFlag(flag);
    if (meanings === undefined) throw unknownName('flag', flag, registry.nearestFlag(flag), command);
    for (const meaning of served(meanings)) {
      if (meaning.scope === 'other-kind') throw otherKind(registry, meaning, flag);
      assignments.push(assignment(meaning, valueOf(meaning, flag, text), flag, 'text'));
      const instead = meaning.field.deprecatedFlags?.[flag];
      if (instead !== undefined) warnings.push(`${flag} is deprecated: ${instead}`);
    }
  }
  const { kept, ignored } = withoutForced(assignments);
  return levelOf('command-line', kept, [...warnings, ...ignored]);
}

/** A forcing flag wins over the others of its field, which is said (spec cli.md §5). */
function withoutForced(assignments: readonly Assignment[]): {
  readonly kept: readonly Assignment[];
  readonly ignored: readonly string[];
} {
  const forcing = ({ field, source }: Assignment): boolean => field.forcing?.includes(source) === true;
  const forced = new Map(assignments.filter(forcing).map((one) => [one.field, one]));
  const losing = assignments.filter((one) => {
    const winner = forced.get(one.field);
    return winner !== undefined && !forcing(one) && winner.value !== one.value;
  });
  return {
    kept: assignments.filter((one) => !losing.includes(one)),
    ignored: losing.map(
      ({ field, source }) => `Ignoring ${source}, since ${forced.get(field)?.source ?? ''} is given`,
    ),
  };
}

/** A flag that takes several values may be given again for each of them. */
function gathered(registry: Registry, rawFlags: readonly RawFlag[]): readonly RawFlag[] {
  const result: RawFlag[] = [];
  const places = new Map<Field, number>();
  for (const raw of rawFlags) {
    const meaning = registry
      .byFlag(raw.flag)
      ?.find(({ field, sets }) => field.type.several && sets === 'its-value');
    const place = meaning === undefined ? undefined : places.get(meaning.field);
    const before = place === undefined ? undefined : result[place];
    if (place !== undefined && before?.text !== undefined && raw.text !== undefined)
      result[place] = { flag: before.flag, text: `${before.text},${raw.text}` };
    else {
      if (meaning !== undefined) places.set(meaning.field, result.length);
      result.push(raw);
    }
  }
  return result;
}

// A flag of several fields, as --disable_mlflow, still means something when only one of them belongs to this command.
function served(meanings: readonly FlagMeaning[]): readonly FlagMeaning[] {
  const own = meanings.filter(({ scope }) => scope === 'own');
  return own.length > 0 ? own : meanings;
}

function valueOf({ field, sets }: FlagMeaning, flag: string, text: string | undefined): unknown {
  if (sets === 'its-value') {
    if (text === undefined) {
      throw new Fault('invalid-input', `${flag}: received no value, expected ${field.type.allowed}`, {
        field: field.path,
        expected: field.type.allowed,
      });
    }
    return text;
  }
  if (text !== undefined) {
    throw new Fault(
      'invalid-input',
      `${flag}: received ${shown(text)}, expected no value, since it is a switch`,
      {
        field: field.path,
        received: shown(text),
      },
    );
  }
  return sets.value;
}
