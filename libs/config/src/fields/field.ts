import { assert } from '@ptychofleet/base';
import { z } from 'zod';
import { kebabCase, snakeCase } from './names.ts';
import type { ValueType } from './value-type.ts';

/** Heading of a flag in help texts and reference tables. */
export type HelpGroup =
  | 'Files'
  | 'Network and physics'
  | 'Loss'
  | 'Data and grouping'
  | 'Optimisation'
  | 'Reproducibility'
  | 'Device and loading'
  | 'Checkpoints and logging'
  | 'Reconstruction';

/** A knob as its section file declares it: the one entry from which flags, keys, checks and docs are made. */
export interface FieldEntry<T> {
  readonly type: ValueType<T>;
  readonly default: T;
  /** Default on the command line where it differs from the library's (spec cli.md §2). */
  readonly commandDefault?: T;
  readonly group: HelpGroup;
  /** One sentence: what it does and when to touch it. */
  readonly help: string;
  readonly unit?: string;
  /** Name outside its section, where the key alone would say too little. */
  readonly name?: string;
  /** Further keys in files and overrides. */
  readonly aliases?: readonly string[];
  /** Flags besides the kebab-case and snake_case spelling of the name; the first one leads in help. */
  readonly flags?: readonly string[];
  /** Flags without a value that set this one. */
  readonly switches?: Readonly<Record<string, T>>;
  /** Flags still taken, with what to write instead. */
  readonly deprecatedFlags?: Readonly<Record<string, string>>;
  /** Flags that win over the others of this field, with a warning, instead of contradicting them. */
  readonly forcing?: readonly string[];
  /** Upstream's other wording of a value, put into ours. */
  readonly translate?: (value: unknown) => unknown;
  /** Not available yet: why, and what to use instead. Only the default is taken. Delete the line to set it live. */
  readonly refused?: string;
  /** Values that the type knows and we cannot serve, with the reason. */
  readonly refusedValues?: Readonly<Record<string, string>>;
  /** Has an effect only while another field of the section has one of these values (or: none of those, or: this among several). */
  readonly onlyWith?: {
    readonly key: string;
    readonly in?: readonly unknown[];
    readonly notIn?: readonly unknown[];
    readonly including?: string;
  };
  /** Upstream keeps this training field in its execution configuration. */
  readonly inExecutionConfig?: boolean;
  /** The command cannot start without it. */
  readonly required?: boolean;
}

export type SectionName =
  'model' | 'loss' | 'data' | 'training' | 'inference' | 'execution' | 'input' | 'foreign';

/** A declared knob with its place and all its spellings. */
export interface Field<T = unknown> extends FieldEntry<T> {
  readonly section: SectionName;
  readonly key: string;
  readonly name: string;
  /** `training.batchSize`; the bare name for one of upstream's only. */
  readonly path: string;
  /** Every key that files and overrides may use. */
  readonly keys: readonly string[];
  /** `PTYCHOFLEET_BATCH_SIZE` */
  readonly variable: string;
}

export function field<T>(type: ValueType<T>, entry: Omit<FieldEntry<NoInfer<T>>, 'type'>): FieldEntry<T> {
  assert(type.schema.safeParse(entry.default).success, `default ${String(entry.default)}: ${entry.help}`);
  return { type, ...entry };
}

type ValueOf<E> = E extends FieldEntry<infer T> ? T : never;
type Shape<E> = { [K in keyof E]: z.ZodType<ValueOf<E[K]>> };
type DefaultingShape<E> = { [K in keyof E]: z.ZodDefault<z.ZodType<ValueOf<E[K]>>> };

/** The fields of one part of a run specification and the schemas made of them. */
export interface Section<E> {
  readonly name: SectionName;
  readonly field: { readonly [K in keyof E]: Field<ValueOf<E[K]>> };
  readonly fields: readonly Field[];
  /** Every key has to be there: a frozen specification. */
  readonly schema: z.ZodObject<Shape<E>, z.core.$strict>;
  /** Missing keys take their default. */
  readonly defaulting: z.ZodObject<DefaultingShape<E>, z.core.$strict>;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a field's type is invariant in T; `any` is the only common bound
export type Entries = Readonly<Record<string, FieldEntry<any>>>;

export function section<const E extends Entries>(name: SectionName, entries: E): Section<E> {
  const fields = Object.entries(entries).map(([key, entry]) => placed(name, key, entry));
  const described = (one: Field): z.ZodType =>
    one.type.schema.describe(one.unit === undefined ? one.help : `${one.help} [${one.unit}]`);
  const shape = Object.fromEntries(fields.map((one) => [one.key, described(one)]));
  const defaults = Object.fromEntries(fields.map((one) => [one.key, described(one).default(one.default)]));
  return {
    name,
    field: Object.fromEntries(fields.map((one) => [one.key, one])) as unknown as Section<E>['field'],
    fields,
    schema: z.strictObject(shape) as unknown as Section<E>['schema'],
    defaulting: z.strictObject(defaults) as unknown as Section<E>['defaulting'],
  };
}

function placed(sectionName: SectionName, key: string, entry: FieldEntry<unknown>): Field {
  const name = entry.name ?? key;
  const keys = new Set([name, snakeCase(name), ...(entry.aliases ?? [])]);
  return {
    ...entry,
    section: sectionName,
    key,
    name,
    path: sectionName === 'foreign' ? name : `${sectionName}.${key}`,
    keys: [...keys],
    variable: `PTYCHOFLEET_${snakeCase(name).toUpperCase()}`,
  };
}

/** `--batch-size` and `--batch_size`, preceded by the flags that the entry lists. */
export function valueFlags(one: Field): readonly string[] {
  return [...new Set([...(one.flags ?? []), `--${kebabCase(one.name)}`, `--${snakeCase(one.name)}`])];
}

/** `--no-deterministic`; a name that begins with "enable" is turned off by "disable". */
export function negativeFlags(one: Field): readonly string[] {
  if (one.type.valueName !== null) return [];
  return [
    ...new Set(
      valueFlags(one).map((flag) =>
        flag.startsWith('--enable')
          ? flag.replace('--enable', '--disable')
          : `--no${flag.includes('_') ? '_' : '-'}${flag.slice(2)}`,
      ),
    ),
  ];
}
