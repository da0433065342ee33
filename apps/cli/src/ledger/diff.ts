import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import { firstDifference } from '@ptychofleet/store';
import { printResult, type OutputOptions } from '../output.ts';
import { computedBy, rangeOf, readLedger, whereOf, type LedgerOfRun } from './run-folder.ts';

/** `runs diff A B`: the first step at which two runs part. Ends with code 0 where they agree, 1 where they do not. */
export async function diffRuns(one: string, other: string, output: OutputOptions): Promise<void> {
  const [a, b] = [await readLedger(one), await readLedger(other)];
  const [inA, inB] = [rangeOf(a), rangeOf(b)];
  const shared = { first: Math.max(inA.first, inB.first), last: Math.min(inA.last, inB.last) };
  const sameStart = a.ledger.head.genesis === b.ledger.head.genesis;
  const settings = sameStart ? [] : await differingSettings(a, b);
  const difference = firstDifference(a.ledger, b.ledger);
  const overlap = shared.first <= shared.last;
  const lines = [
    ...(sameStart ? [] : [startLine(settings)]),
    ...(difference === null
      ? [overlap ? `the same bits in steps ${shared.first} to ${shared.last}` : 'no step is in both ledgers']
      : [`they part at ${whereOf(difference)}`]),
    ...[a, b].flatMap((run) => {
      const by = difference === null ? null : computedBy(run, difference.step);
      return by === null ? [] : [`  ${run.path}: ${by}`];
    }),
    ...(inA.last === inB.last ? [] : [`${one} ends with step ${inA.last}, ${other} with step ${inB.last}`]),
  ];
  const agree = difference === null && sameStart && overlap;
  const record = {
    type: 'result',
    command: 'runs diff',
    agree,
    sameStart,
    settings,
    difference,
    steps: shared,
  };
  printResult(output, record, lines);
  if (!agree) process.exitCode = 1;
}

function startLine(settings: readonly string[]): string {
  const which = settings.length === 0 ? 'settings, scans or first weights' : settings.join(', ');
  return `they do not begin alike: ${which} differ`;
}

/** Fields of the specifications that differ, where both runs have their record beside the ledger. */
async function differingSettings(a: LedgerOfRun, b: LedgerOfRun): Promise<string[]> {
  const [one, other] = [await specOf(a), await specOf(b)];
  if (one === null || other === null) return [];
  const sections = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...sections].flatMap((section) => {
    const [mine, theirs] = [fieldsOf(one[section]), fieldsOf(other[section])];
    const keys = new Set([...Object.keys(mine), ...Object.keys(theirs)]);
    return [...keys]
      .filter((key) => !isDeepStrictEqual(mine[key], theirs[key]))
      .map((key) => `${section}.${key}`);
  });
}

const fieldsOf = (section: unknown): Record<string, unknown> =>
  typeof section === 'object' && section !== null ? (section as Record<string, unknown>) : {};

async function specOf({ folder }: LedgerOfRun): Promise<Record<string, unknown> | null> {
  if (folder === null) return null;
  try {
    const record = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')) as { spec?: unknown };
    return fieldsOf(record.spec);
  } catch {
    return null;
  }
}
