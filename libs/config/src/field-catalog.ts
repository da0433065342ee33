import { z } from 'zod';
import { negativeFlags, valueFlags, type Field } from './fields/field.ts';
import { registryOf, type RunKind } from './fields/registry.ts';
import { runCommands, type RunCommand } from './levels/command-line.ts';

/** One knob with all the places where it can be set, for people and programs. */
export interface FieldDescription {
  /** `training.batchSize` */
  readonly field: string;
  readonly command: RunCommand;
  /** The spelling to show, and the one that turns a switch off. */
  readonly flag: string;
  readonly negation: string | null;
  /** `PTYCHOFLEET_BATCH_SIZE` */
  readonly variable: string;
  /** Default of the command. */
  readonly default: unknown;
  /** `a power of two at least 1` */
  readonly allowed: string;
  readonly unit: string | null;
  readonly description: string;
  /** Why only the default is taken; `null` for a field that acts. */
  readonly refused: string | null;
}

/** Every field of a command, paths first, then the specification in its order. */
export function fieldCatalog(command: RunCommand): readonly FieldDescription[] {
  return fieldsOf(runCommands[command]).map((field) => ({
    field: field.path,
    command,
    flag: valueFlags(field)[0] as string,
    negation: negativeFlags(field)[0] ?? null,
    variable: field.variable,
    default: defaultOf(field),
    allowed: field.type.allowed,
    unit: field.unit ?? null,
    description: field.help,
    refused: field.refused ?? null,
  }));
}

type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * JSON Schema (draft 2020-12) of the file that `--config` reads, for editors: both kinds of run, flat keys and sections,
 * all spellings. Fields and values that would be refused are left out. It describes single values; what fields have to
 * keep among themselves is checked when the file is resolved.
 */
export function configFileJsonSchema(): JsonSchema {
  const byPath = new Map<string, Field[]>();
  for (const field of [...fieldsOf('training'), ...fieldsOf('inference')]) {
    // A configuration file names no other.
    if (field.refused !== undefined || field.path === 'input.configFile') continue;
    byPath.set(field.path, [...(byPath.get(field.path) ?? []), field]);
  }
  const definitions: Record<string, JsonSchema> = {};
  const flat: Record<string, JsonSchema> = {};
  const sections: Record<string, Record<string, JsonSchema>> = {};
  for (const [path, fields] of byPath) {
    definitions[path] = eitherOf(fields.map(schemaOf));
    for (const { section, key, keys } of fields) {
      const reference = { $ref: `#/$defs/${path}` };
      for (const name of keys) flat[name] = reference;
      for (const name of [key, ...keys]) (sections[section] ??= {})[name] = reference;
    }
  }
  const sectionSchemas = Object.entries(sections).map(
    ([name, properties]) => [name, { type: 'object', properties, additionalProperties: false }] as const,
  );
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'PtychoFleet configuration file',
    type: 'object',
    properties: { ...Object.fromEntries(sectionSchemas), ...flat },
    additionalProperties: false,
    $defs: definitions,
  };
}

function fieldsOf(kind: RunKind): readonly Field[] {
  const { inputFields, specFields } = registryOf(kind);
  return [...inputFields, ...specFields];
}

function defaultOf(field: Field): unknown {
  return field.commandDefault ?? field.default;
}

function schemaOf(field: Field): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(field.type.schema, { io: 'input' }) as JsonSchema;
  const { help, unit, required = false, type } = field;
  return {
    ...withoutRefused(schema, Object.keys(field.refusedValues ?? {})),
    description: `${help}${unit === undefined ? '' : ` [${unit}]`} Takes ${type.allowed}.`,
    ...(!required && { default: defaultOf(field) }),
  };
}

function withoutRefused(schema: JsonSchema, refused: readonly unknown[]): JsonSchema {
  return Array.isArray(schema.enum)
    ? { ...schema, enum: schema.enum.filter((value) => !refused.includes(value)) }
    : schema;
}

// One key may mean somewhat different things to the two commands: infer takes no number of groups for the whole scan.
function eitherOf(schemas: readonly JsonSchema[]): JsonSchema {
  const different = new Map(schemas.map((schema) => [JSON.stringify(schema), schema]));
  const [only] = different.values();
  return different.size === 1 && only !== undefined ? only : { anyOf: [...different.values()] };
}
