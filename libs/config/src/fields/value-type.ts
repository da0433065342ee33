import { z } from 'zod';

/** What a field may hold, and how the text of a flag, variable or file becomes it. */
export interface ValueType<T> {
  readonly schema: z.ZodType<T>;
  /** Placeholder in help and reference tables, for example `INT`; `null` for an on/off switch. */
  readonly valueName: string | null;
  /** Ends the sentence "received …, expected …". */
  readonly allowed: string;
  /** The texts of a closed set, for help and completion. */
  readonly choices?: readonly string[];
  /** Takes several of the choices, so that a flag given again adds to it. */
  readonly several?: boolean;
  /** The value a text means; a text that means nothing is returned as it is and then refused by the schema. */
  fromText(text: string): unknown;
}

export interface NumberBounds {
  readonly min?: number;
  /** Exclusive lower bound. */
  readonly moreThan?: number;
  readonly max?: number;
  /** Exclusive upper bound. */
  readonly lessThan?: number;
}

// Wider than YAML's core schema and narrower than Number(): no hex, no blanks, no "Infinity".
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const textCharsMax = 4096;

function numberFromText(text: string): unknown {
  return text.length <= 64 && decimal.test(text) ? Number(text) : text;
}

// JSON has no −0, so it may not reach a specification that has to survive the way through JSON.
const withoutNegativeZero = (value: number): number => (value === 0 ? 0 : value);

export function integer(bounds: NumberBounds & { readonly powerOfTwo?: boolean } = {}): ValueType<number> {
  const { powerOfTwo = false } = bounds;
  let schema = bounded(z.int(), bounds);
  if (powerOfTwo) schema = schema.refine((value) => Number.isInteger(Math.log2(value)));
  return {
    schema: schema.overwrite(withoutNegativeZero),
    valueName: 'INT',
    allowed: `${powerOfTwo ? 'a power of two' : 'an integer'}${boundsText(bounds)}`,
    fromText: numberFromText,
  };
}

export function real(bounds: NumberBounds = {}): ValueType<number> {
  return {
    schema: bounded(z.number(), bounds).overwrite(withoutNegativeZero),
    valueName: 'FLOAT',
    allowed: `a number${boundsText(bounds)}`,
    fromText: numberFromText,
  };
}

export function toggle(): ValueType<boolean> {
  return { schema: z.boolean(), valueName: null, allowed: 'true or false', fromText: booleanFromText };
}

export function choice<const T extends string>(values: readonly T[]): ValueType<T> {
  return {
    schema: z.enum(values),
    valueName: 'NAME',
    allowed: `one of ${values.join(', ')}`,
    choices: values,
    fromText: (text) => text,
  };
}

/** Some of a closed set, as one text in the order of the set: `csv,mlflow`. A list of them means the same. */
export function severalOf<const T extends string>(values: readonly T[]): ValueType<string> {
  const parts = (text: string): string[] => text.split(',').map((part) => part.trim());
  const one = `(${values.join('|')})`;
  const inOrder = (text: string): string => values.filter((value) => parts(text).includes(value)).join(',');
  return {
    schema: z
      .string()
      .max(textCharsMax)
      .regex(new RegExp(`^ *${one}( *, *${one})* *$`))
      .overwrite(inOrder),
    valueName: 'NAMES',
    allowed: `one or more of ${values.join(', ')}, separated by commas`,
    choices: values,
    several: true,
    fromText: (text) => text,
  };
}

export function numberChoice<const T extends number>(values: readonly T[]): ValueType<T> {
  return {
    schema: z.literal(values) as z.ZodType<T>,
    valueName: 'INT',
    allowed: `one of ${values.join(', ')}`,
    choices: values.map(String),
    fromText: numberFromText,
  };
}

export function text(what: string): ValueType<string> {
  return {
    schema: z.string().min(1).max(textCharsMax),
    valueName: 'TEXT',
    allowed: what,
    fromText: (value) => value,
  };
}

export function path(what: string): ValueType<string> {
  return {
    ...text(what),
    // A NUL byte ends a path for the operating system, but not for us.
    schema: z
      .string()
      .min(1)
      .max(textCharsMax)
      .refine((value) => !value.includes('\0')),
    valueName: 'PATH',
  };
}

/** The same type or nothing: `null` in files and overrides, `none` as text. */
export function optional<T>(type: ValueType<T>): ValueType<T | null> {
  return {
    ...type,
    schema: type.schema.nullable(),
    allowed: `${type.allowed}, or none`,
    ...(type.choices && { choices: [...type.choices, 'none'] }),
    fromText: (value) => (value === 'none' || value === 'null' ? null : type.fromText(value)),
  };
}

function bounded(schema: z.ZodNumber, { min, moreThan, max, lessThan }: NumberBounds): z.ZodNumber {
  let result = schema;
  if (min !== undefined) result = result.min(min);
  if (moreThan !== undefined) result = result.gt(moreThan);
  if (max !== undefined) result = result.max(max);
  if (lessThan !== undefined) result = result.lt(lessThan);
  return result;
}

function boundsText({ min, moreThan, max, lessThan }: NumberBounds): string {
  const parts = [
    min === undefined ? '' : `at least ${min}`,
    moreThan === undefined ? '' : `above ${moreThan}`,
    max === undefined ? '' : `at most ${max}`,
    lessThan === undefined ? '' : `below ${lessThan}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? '' : ` ${parts.join(' and ')}`;
}

function booleanFromText(value: string): unknown {
  const lower = value.toLowerCase();
  if (['true', 'yes', 'on', '1'].includes(lower)) return true;
  if (['false', 'no', 'off', '0'].includes(lower)) return false;
  return value;
}
