import type { NpzEntry } from './npy.ts';
import type { ScanMetadata } from './scan.ts';

/**
 * Reads the `_metadata` entry, a pickled or plain text holding JSON (data spec §3). What cannot be understood is a
 * warning and counts as absent, because upstream files with broken metadata still train.
 */
export function parseMetadata(entry: NpzEntry | undefined, file: string, warnings: string[]): ScanMetadata {
  if (entry === undefined) return { nphotons: null, raw: null };
  const text =
    'pickledJson' in entry ? entry.pickledJson : entry.dtype === 'text' ? entry.data[0] : undefined;
  let raw: unknown;
  try {
    raw = JSON.parse(text ?? '');
  } catch {
    warnings.push(`${file}: _metadata is not JSON text and is ignored`);
    return { nphotons: null, raw: null };
  }
  const nphotons = lookUp(raw, 'physics_parameters', 'nphotons');
  if (nphotons === undefined || nphotons === null) return { nphotons: null, raw };
  if (typeof nphotons === 'number' && Number.isFinite(nphotons) && nphotons > 0) return { nphotons, raw };
  warnings.push(`${file}: _metadata.physics_parameters.nphotons is not a positive number and is ignored`);
  return { nphotons: null, raw };
}

function lookUp(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Record<string, unknown>)[key]
        : undefined,
    value,
  );
}
