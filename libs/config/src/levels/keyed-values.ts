import { Fault } from '@ptychofleet/base';
import type { Field } from '../fields/field.ts';
import type { Found, Registry, RunKind } from '../fields/registry.ts';
import { assignment, unknownName, type Assignment, type Form } from './level.ts';
import { shown } from './shown.ts';

/** Keys and values as a file or a program gives them. A value may be a section: further keys and values. */
export type KeyedValues = ReadonlyMap<string, unknown>;

const sectionNames: ReadonlySet<string> = new Set([
  'model',
  'loss',
  'data',
  'training',
  'inference',
  'execution',
  'input',
]);

export interface KeyedOptions {
  readonly form: Form;
  /** What the names of the other kind of run do: a shared file holds both, an argument is a mistake. */
  readonly otherKind: 'ignore' | 'refuse';
  /** `run.yaml`, `overrides` */
  readonly where: string;
}

/** Assignments of flat keys and of sections, camelCase or snake_case. */
export function assignmentsOf(
  registry: Registry,
  values: KeyedValues,
  options: KeyedOptions,
): readonly Assignment[] {
  const assignments: Assignment[] = [];
  const put = (
    found: Found | undefined,
    name: string,
    value: unknown,
    nearest: () => string | undefined,
  ): void => {
    if (found === undefined) throw unknownName('field', name, nearest(), options.where);
    const source = `${name} in ${options.where}`;
    if (found.scope === 'other-kind') {
      if (options.otherKind === 'refuse') throw otherKind(registry, found, source);
      return;
    }
    assignments.push(assignment(found, value, source, options.form));
  };
  for (const [key, value] of values) {
    const section = sectionNames.has(key) ? sectionOf(value) : undefined;
    if (section === undefined) {
      put(registry.byKey(key), key, value, () => registry.nearestKey(key));
      continue;
    }
    for (const [inner, innerValue] of section) {
      put(registry.bySectionKey(key, inner), `${key}.${inner}`, innerValue, () => {
        const nearest = registry.nearestSectionKey(key, inner);
        return nearest === undefined ? registry.byKey(inner)?.field.path : `${key}.${nearest}`;
      });
    }
  }
  return assignments;
}

/** Why a name of the other kind of run does nothing here. */
export function otherKindReason(kind: RunKind, { section }: Pick<Field, 'section'>): string {
  if (kind === 'training') return 'it belongs to a reconstruction, so leave it out';
  return section === 'execution' || section === 'input'
    ? 'it belongs to a training run, so leave it out'
    : 'the weight bundle decides it, so leave it out';
}

export function otherKind({ kind }: Registry, { field }: Found, source: string): Fault {
  const message = `${source}: ${field.path} has no effect in ${kind}: ${otherKindReason(kind, field)}`;
  return new Fault('unsupported', message, { field: field.path });
}

function sectionOf(value: unknown): KeyedValues | undefined {
  if (value instanceof Map) return entriesOf(value, 'a section');
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return new Map(Object.entries(value));
  return undefined;
}

/** @throws Fault for a key that is not a text. */
export function entriesOf(map: ReadonlyMap<unknown, unknown>, what: string): KeyedValues {
  for (const key of map.keys()) {
    if (typeof key !== 'string') {
      throw new Fault('invalid-input', `${what} has the key ${shown(key)}, but keys have to be texts`, {
        received: shown(key),
      });
    }
  }
  return map as KeyedValues;
}
