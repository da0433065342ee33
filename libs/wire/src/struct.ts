import { Fault } from '@ptychofleet/base';
import type { Struct, Struct__Output } from './gen/google/protobuf/Struct.ts';
import type { Value, Value__Output } from './gen/google/protobuf/Value.ts';

export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

const depthMax = 32;

/** JSON as google.protobuf.Struct, the form in which any language can send it. */
export function toStruct(object: JsonObject): Struct {
  const fields = Object.create(null) as Record<string, Value>;
  for (const [key, value] of Object.entries(object)) if (value !== undefined) fields[key] = toValue(value);
  return { fields };
}

function toValue(value: JsonValue): Value {
  if (value === null) return { nullValue: 'NULL_VALUE' };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'string') return { stringValue: value };
  if (Array.isArray(value)) return { listValue: { values: value.map(toValue) } };
  return { structValue: toStruct(value as JsonObject) };
}

/** Back to JSON. Nesting is bounded because the sender is not trusted. */
export function fromStruct(struct: Struct__Output | null, depth = 0): JsonObject {
  if (depth > depthMax) throw new Fault('invalid-input', `a structure is nested more than ${depthMax} deep`);
  // A null prototype keeps names such as __proto__ plain data.
  const object: Record<string, JsonValue> = Object.create(null) as Record<string, JsonValue>;
  for (const [key, value] of Object.entries(struct?.fields ?? {})) object[key] = fromValue(value, depth + 1);
  return object;
}

function fromValue(value: Value__Output, depth: number): JsonValue {
  switch (value.kind) {
    case 'boolValue':
      return value.boolValue ?? false;
    case 'numberValue':
      return value.numberValue ?? 0;
    case 'stringValue':
      return value.stringValue ?? '';
    case 'listValue':
      if (depth > depthMax)
        throw new Fault('invalid-input', `a structure is nested more than ${depthMax} deep`);
      return (value.listValue?.values ?? []).map((entry) => fromValue(entry, depth + 1));
    case 'structValue':
      return fromStruct(value.structValue ?? null, depth);
    default:
      return null;
  }
}
