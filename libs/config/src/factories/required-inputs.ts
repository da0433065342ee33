import { Fault } from '@ptychofleet/base';
import { shown } from '../levels/shown.ts';
import type { FileChecks } from './ports.ts';

/** @throws Fault naming the field and the flag that gives it */
export function requireInput(value: string | null, field: string, flag: string): string {
  if (value !== null) return value;
  throw new Fault('invalid-input', `${field}: received nothing, expected a path; give ${flag}`, {
    field,
    expected: 'a path',
  });
}

/** @throws Fault with the upstream wording that clients match on (spec configuration.md §7.2, §8) */
export function requireFile(files: FileChecks, path: string, wording: string, source: string): void {
  if (files.exists(path)) return;
  throw new Fault('not-found', `${wording}: ${shown(path)} (from ${source}); check the path`, {
    field: source,
    received: shown(path),
    expected: 'an existing file',
  });
}
