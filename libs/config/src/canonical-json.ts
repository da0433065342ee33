import { assert } from '@ptychofleet/base';

/**
 * JSON without blanks and with sorted keys. ECMAScript fixes the digits of a number, so equal values give equal texts on
 * every machine.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  // JSON.stringify would write null for these without a word.
  assert(typeof value !== 'number' || Number.isFinite(value), `JSON has no ${String(value)}`);
  const text = JSON.stringify(value) as string | undefined;
  assert(text !== undefined, `JSON has no ${typeof value}`);
  return text;
}
