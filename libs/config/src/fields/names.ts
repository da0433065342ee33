import { distance } from 'fastest-levenshtein';

/** `nFiltersScale` → `n_filters_scale`; a name in capitals (`N`) stays. */
export function snakeCase(name: string): string {
  return separated(name, '_');
}

/** `nFiltersScale` → `n-filters-scale`. */
export function kebabCase(name: string): string {
  return separated(name, '-');
}

function separated(name: string, separator: string): string {
  if (name === name.toUpperCase()) return name;
  return name.replaceAll(/[A-Z]/g, (letter) => separator + letter.toLowerCase());
}

/** The known name that a typing mistake most likely meant, or `undefined` when none is near. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = bare(name.slice(0, 80));
  let best: { readonly name: string; readonly far: number } | undefined;
  for (const candidate of known) {
    const far = distance(wanted, bare(candidate));
    if (best === undefined || far < best.far) best = { name: candidate, far };
  }
  return best !== undefined && best.far <= Math.max(2, wanted.length / 3) ? best.name : undefined;
}

// Case and separators are what people mix up most, so they do not count as a difference.
const bare = (name: string): string => name.toLowerCase().replaceAll(/[-_.\s]/g, '');
