import { Fault } from '@ptychofleet/base';
import type { Field } from '../fields/field.ts';
import type { Found } from '../fields/registry.ts';
import { shown } from './shown.ts';

/** Who decided a value, strongest first (docs/adr/0002-precedence.md). */
export const levelNames = [
  'override',
  'execution-config',
  'command-line',
  'config-file',
  'environment',
  'inferred',
  'profile',
  'command-default',
  'default',
] as const;
export type LevelName = (typeof levelNames)[number];

/** One value, checked by itself, and where it was written: `--batch_size`, `training.batchSize in run.yaml`. */
export interface Assignment {
  readonly field: Field;
  readonly value: unknown;
  readonly source: string;
}

/** Everything that one source of configuration says. */
export interface Level {
  readonly name: LevelName;
  /** At most one per field. */
  readonly assignments: readonly Assignment[];
  readonly warnings: readonly string[];
}

export const emptyLevel = (name: LevelName): Level => ({ name, assignments: [], warnings: [] });

/** Whether the value came as the text of a flag, variable or file, or typed by a program. */
export type Form = 'text' | 'typed';

/**
 * The assignment that `received` means.
 * @throws Fault naming `source`: a value outside the field's type, or one that is known but not available.
 */
export function assignment(
  { field, scope }: Found,
  received: unknown,
  source: string,
  form: Form,
): Assignment {
  if (scope === 'foreign') return foreignAssignment(field, received, source);
  const translated = field.translate === undefined ? received : field.translate(received);
  const value =
    form === 'text' && typeof translated === 'string' ? field.type.fromText(translated) : translated;
  const parsed = field.type.schema.safeParse(value);
  if (!parsed.success) {
    throw new Fault(
      'invalid-input',
      `${source}: received ${shown(received)}, expected ${field.type.allowed}`,
      {
        field: field.path,
        received: shown(received),
        expected: field.type.allowed,
      },
    );
  }
  const reason = refusalOf(field, parsed.data);
  if (reason !== undefined) throw refusal(field, parsed.data, source, reason);
  return { field, value: parsed.data, source };
}

/** Why a well-formed value cannot be served, or `undefined` when it can. */
export function refusalOf(field: Field, value: unknown): string | undefined {
  if (field.refused !== undefined && value !== field.default) return field.refused;
  return typeof value === 'string' ? field.refusedValues?.[value] : undefined;
}

export function refusal(field: Field, value: unknown, source: string, reason: string): Fault {
  return new Fault('unsupported', `${source}: ${shown(value)} is not available: ${reason}`, {
    field: field.path,
    received: shown(value),
    expected: shown(field.default),
  });
}

// Upstream's own value for what we do anyway changes nothing, so a full upstream file may carry it.
function foreignAssignment(field: Field, received: unknown, source: string): Assignment {
  const neutral = shown(field.default);
  const same =
    shown(received).toLowerCase() === neutral.toLowerCase() ||
    (received === 'none' && field.default === null);
  if (!same) throw refusal(field, received, source, field.refused ?? '');
  return { field, value: field.default, source };
}

/**
 * A level of these assignments.
 * @throws Fault when two of them, spelled differently or repeated, give one field different values.
 */
export function levelOf(
  name: LevelName,
  assignments: readonly Assignment[],
  warnings: readonly string[] = [],
): Level {
  const byField = new Map<Field, Assignment>();
  for (const one of assignments) {
    const before = byField.get(one.field);
    if (before === undefined) byField.set(one.field, one);
    else if (!Object.is(before.value, one.value)) {
      throw new Fault(
        'invalid-input',
        `${before.source} says ${shown(before.value)} and ${one.source} says ${shown(one.value)} for ${one.field.path}; give only one of them`,
        {
          field: one.field.path,
          received: `${shown(before.value)} and ${shown(one.value)}`,
          expected: 'one value',
        },
      );
    }
  }
  return { name, assignments: [...byField.values()], warnings };
}

/** Of several levels of one name, as an argument of a factory beside its overrides. */
export function joinLevels(name: LevelName, levels: readonly Level[]): Level {
  return levelOf(
    name,
    levels.flatMap(({ assignments }) => assignments),
    levels.flatMap(({ warnings }) => warnings),
  );
}

/** ; did you mean X? — the end of a sentence about an unknown name. */
export function unknownName(what: string, name: string, nearest: string | undefined, where: string): Fault {
  const advice = nearest === undefined ? 'remove it' : `the nearest known name is ${shown(nearest)}`;
  return new Fault('invalid-input', `${where}: ${shown(name)} is not a known ${what}; ${advice}`, {
    field: shown(name),
    received: shown(name),
    ...(nearest !== undefined && { expected: nearest }),
  });
}
