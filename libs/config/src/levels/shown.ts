const charsMax = 120;

/** A value inside a sentence: short, on one line, and safe for whatever a program or file may hold. */
export function shown(value: unknown): string {
  const text = plain(value).replaceAll(/\p{Cc}+/gu, ' ');
  return text.length <= charsMax ? text : `${text.slice(0, charsMax)}…`;
}

function plain(value: unknown): string {
  if (typeof value === 'string') return value === '' ? '""' : value;
  if (value === null) return 'none';
  if (typeof value === 'object') {
    try {
      return JSON.stringify(value) ?? 'an object';
    } catch {
      return 'an object that JSON cannot hold';
    }
  }
  return typeof value === 'function' || typeof value === 'symbol' ? `a ${typeof value}` : String(value);
}
