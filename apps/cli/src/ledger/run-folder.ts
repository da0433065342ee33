import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '@ptychofleet/base';
import { parseLedger, type Difference, type Ledger } from '@ptychofleet/store';
import { readInput } from '../files.ts';

/** What a run left: its ledger, and who computed what where that is known. */
export interface LedgerOfRun {
  /** As it was named. */
  readonly path: string;
  /** Null when the ledger alone was named. */
  readonly folder: string | null;
  readonly ledger: Ledger;
  /** Worker by range of shards, by step. */
  readonly workers: ReadonlyMap<number, Readonly<Record<string, string>>>;
}

/**
 * Reads the ledger of a run by its folder, or a ledger file.
 * @throws Fault when there is none, or its chain is broken
 */
export async function readLedger(path: string): Promise<LedgerOfRun> {
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  const file = isFolder ? join(path, 'ledger.jsonl') : path;
  const text = new TextDecoder().decode(await readInput('<run>', file));
  return {
    path,
    folder: isFolder ? path : null,
    ledger: parseLedger(text, file),
    workers: isFolder ? await workersOf(join(path, 'ledger-workers.jsonl')) : new Map(),
  };
}

/** Beside the chain and for people alone, so what cannot be read is left out. */
async function workersOf(path: string): Promise<LedgerOfRun['workers']> {
  const lines = await readFile(path, 'utf8').then(
    (text) => text.split('\n'),
    () => [],
  );
  const known = new Map<number, Readonly<Record<string, string>>>();
  for (const line of lines) {
    try {
      const { step, workers } = JSON.parse(line) as { step?: unknown; workers?: unknown };
      if (typeof step === 'number' && typeof workers === 'object' && workers !== null)
        known.set(step, workers as Record<string, string>);
    } catch {
      continue;
    }
  }
  return known;
}

/** `the merged gradient of step 17, first in encoder.conv1.weight` */
export function whereOf(difference: Difference): string {
  const what = {
    gradient: 'the merged gradient',
    weights: 'the weights after the optimiser',
    groups: 'the number of groups',
    loss: 'the loss',
  }[difference.in];
  const tensor = difference.tensor === null ? '' : `, first in ${difference.tensor}`;
  return `${what} of step ${difference.step}${tensor}`;
}

/** `shards 0-1 by w1, 2-3 by w2` */
export function computedBy({ workers }: LedgerOfRun, step: number): string | null {
  const ranges = Object.entries(workers.get(step) ?? {});
  if (ranges.length === 0) return null;
  return ranges.map(([range, worker]) => `shards ${range} by ${String(worker)}`).join(', ');
}

/** The steps that a ledger holds, counted from 1. */
export function rangeOf({ path, ledger: { steps } }: LedgerOfRun): { first: number; last: number } {
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined)
    throw new Fault('invalid-input', `${path}: its ledger holds no step yet`, { field: '<run>' });
  return { first: first.step, last: last.step };
}
