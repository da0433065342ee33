/**
 * Short names for files: the parts in which their paths differ, or the file's own name where nothing does.
 * `out/a/rec/reconstruction.npz` and `out/b/rec/reconstruction.npz` are `a` and `b`.
 */
export function labelsOf(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.split(/[\\/]/).filter((part) => part !== '' && part !== '.'));
  const shortest = Math.min(...parts.map(({ length }) => length));
  const shared = (at: (own: readonly string[]) => string | undefined): boolean =>
    parts.every((own) => at(own) === at(parts[0]));
  let first = 0;
  while (first < shortest && shared((own) => own[first])) first++;
  let last = 0;
  while (first + last < shortest && shared((own) => own[own.length - 1 - last])) last++;
  return parts.map((own) => own.slice(first, own.length - last).join('/') || (own.at(-1) ?? ''));
}
