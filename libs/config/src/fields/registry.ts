import { assert } from '@ptychofleet/base';
import { trainingDataSection, inferenceDataSection } from './data.ts';
import { inferenceExecutionSection, trainingExecutionSection } from './execution.ts';
import { negativeFlags, valueFlags, type Field } from './field.ts';
import { foreignSection } from './foreign.ts';
import { inferenceSection } from './inference.ts';
import { inferenceInputSection, trainingInputSection } from './input.ts';
import { lossSection } from './loss.ts';
import { modelSection } from './model.ts';
import { nearestName } from './names.ts';
import { trainingSection } from './training.ts';

export type RunKind = 'training' | 'inference';

export const trainingSections = {
  model: modelSection,
  loss: lossSection,
  data: trainingDataSection,
  training: trainingSection,
  execution: trainingExecutionSection,
};

export const inferenceSections = {
  data: inferenceDataSection,
  inference: inferenceSection,
  execution: inferenceExecutionSection,
};

const inputSections = { training: trainingInputSection, inference: inferenceInputSection };

/** Where a key or flag leads: a field of this kind of run, one of the other kind, or one of upstream's only. */
export interface Found {
  readonly field: Field;
  readonly scope: 'own' | 'other-kind' | 'foreign';
}

/** What one flag means: it takes a value, or it stands for one. */
export interface FlagMeaning extends Found {
  readonly sets: 'its-value' | { readonly value: unknown };
}

/** All names that mean something to one kind of run. */
export class Registry {
  readonly kind: RunKind;
  /** The fields of the specification, in its order. */
  readonly specFields: readonly Field[];
  readonly inputFields: readonly Field[];
  readonly #keys = new Map<string, Found>();
  readonly #sectionKeys = new Map<string, Found>();
  readonly #variables = new Map<string, Found>();
  readonly #flags = new Map<string, readonly FlagMeaning[]>();

  constructor(kind: RunKind) {
    this.kind = kind;
    this.specFields = specFieldsOf(kind);
    this.inputFields = inputSections[kind].fields;
    const own = [...this.inputFields, ...this.specFields];
    for (const field of own) this.#add({ field, scope: 'own' }, 'refuse-duplicates');
    const other = kind === 'training' ? 'inference' : 'training';
    for (const field of [...specFieldsOf(other), ...inputSections[other].fields]) {
      this.#add({ field, scope: 'other-kind' }, 'first-wins');
    }
    for (const field of foreignSection.fields) this.#add({ field, scope: 'foreign' }, 'refuse-duplicates');
  }

  /** By a key of a file or of overrides outside any section. */
  byKey(key: string): Found | undefined {
    return this.#keys.get(key);
  }

  /** By a key inside a section; upstream's names are found wherever they stand. */
  bySectionKey(sectionName: string, key: string): Found | undefined {
    return this.#sectionKeys.get(`${sectionName}.${key}`) ?? this.#foreignByKey(key);
  }

  byVariable(variable: string): Found | undefined {
    return this.#variables.get(variable);
  }

  /** A flag may stand for values of several fields, as `--disable_mlflow` does. */
  byFlag(flag: string): readonly FlagMeaning[] | undefined {
    return this.#flags.get(flag);
  }

  get flags(): ReadonlyMap<string, readonly FlagMeaning[]> {
    return this.#flags;
  }

  nearestKey(key: string): string | undefined {
    return nearestName(key, ownFirst(this.#keys));
  }

  nearestSectionKey(sectionName: string, key: string): string | undefined {
    const keys = [...this.#sectionKeys.keys()].filter((name) => name.startsWith(`${sectionName}.`));
    return nearestName(
      key,
      keys.map((name) => name.slice(sectionName.length + 1)),
    );
  }

  nearestVariable(variable: string): string | undefined {
    return nearestName(variable, ownFirst(this.#variables));
  }

  nearestFlag(flag: string): string | undefined {
    const known = [...this.#flags].filter(([, meanings]) => meanings.some(({ scope }) => scope === 'own'));
    return nearestName(
      flag,
      known.map(([name]) => name),
    );
  }

  #foreignByKey(key: string): Found | undefined {
    const found = this.#keys.get(key);
    return found?.scope === 'foreign' ? found : undefined;
  }

  #add(found: Found, duplicates: 'refuse-duplicates' | 'first-wins'): void {
    const { field } = found;
    const put = <V>(map: Map<string, V>, name: string, value: V): void => {
      // Two fields under one name would make the meaning of a file depend on the order of this registry.
      assert(
        duplicates === 'first-wins' || !map.has(name),
        `${field.path}: ${name} has another meaning already`,
      );
      if (!map.has(name)) map.set(name, value);
    };
    for (const key of field.keys) put(this.#keys, key, found);
    for (const key of new Set([field.key, ...field.keys]))
      put(this.#sectionKeys, `${field.section}.${key}`, found);
    put(this.#variables, field.variable, found);
    const flag = (name: string, sets: FlagMeaning['sets']): void => {
      const meanings = this.#flags.get(name) ?? [];
      const taken = meanings.some((meaning) => meaning.field.name === field.name || sets === 'its-value');
      assert(!taken || duplicates === 'first-wins', `${field.path}: ${name} has another meaning already`);
      if (!taken) this.#flags.set(name, [...meanings, { ...found, sets }]);
    };
    const isSwitch = field.type.valueName === null;
    for (const name of valueFlags(field)) flag(name, isSwitch ? { value: true } : 'its-value');
    for (const name of negativeFlags(field)) flag(name, { value: false });
    for (const [name, value] of Object.entries(field.switches ?? {})) flag(name, { value });
  }
}

function specFieldsOf(kind: RunKind): readonly Field[] {
  const sections = Object.values(kind === 'training' ? trainingSections : inferenceSections);
  return sections.flatMap(({ fields }: { readonly fields: readonly Field[] }) => fields);
}

function ownFirst(names: ReadonlyMap<string, Found>): readonly string[] {
  return [...names].filter(([, { scope }]) => scope === 'own').map(([name]) => name);
}

const registries = { training: new Registry('training'), inference: new Registry('inference') };

export function registryOf(kind: RunKind): Registry {
  return registries[kind];
}
