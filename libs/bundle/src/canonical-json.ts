import { assert } from '@ptychofleet/base';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** UTF-8 JSON with sorted keys, so that equal values are equal bytes however the caller built them. */
export function canonicalJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(sorted(value, '$'), null, 2)}\n`);
}

function sorted(value: unknown, path: string): JsonValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') {
    // JSON.stringify would turn NaN and infinities into null without a word.
    assert(Number.isFinite(value), `${path} is ${value}, which JSON cannot hold`);
    return value;
  }
  if (Array.isArray(value)) return value.map((item, i) => sorted(item, `${path}[${i}]`));
  assert(typeof value === 'object' && value !== null, `${path} is not JSON`);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item, `${path}.${key}`)]));
}
