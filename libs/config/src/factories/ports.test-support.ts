import { Fault } from '@ptychofleet/base';
import { commandLineLevel, type RawFlag, type RunCommand } from '../levels/command-line.ts';
import type { Level } from '../levels/level.ts';
import type { DatasetHeader, FactoryPorts } from './ports.ts';

/** A file system in which everything exists except `missing`, and where every file has this header. */
export function portsWith(
  header: Partial<DatasetHeader> = {},
  missing: readonly string[] = [],
): FactoryPorts {
  return {
    headers: { read: () => ({ N: 64, modes: 1, n: 1087, nphotons: null, ...header }) },
    files: { exists: (path) => !missing.includes(path) },
  };
}

/** `--flag value` and `--switch` separated by blanks, as typed in a shell. */
export function rawFlags(line: string): readonly RawFlag[] {
  const words = line.split(' ').filter((word) => word !== '');
  return words.flatMap((word, i) => {
    if (!word.startsWith('--')) return [];
    const next = words[i + 1];
    return [next === undefined || next.startsWith('--') ? { flag: word } : { flag: word, text: next }];
  });
}

export function typed(command: RunCommand, line: string): Level {
  return commandLineLevel(command, rawFlags(line));
}

/** The fault that `action` ends with; anything else is an error of the test. */
export function faultOf(action: () => unknown): Fault {
  try {
    action();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('no fault was thrown');
}
