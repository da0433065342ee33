import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { LoggedRun } from './run-log.ts';

const parent = 'lightning_logs';
const parametersFile = 'hparams.yaml';

/**
 * The folder of a run's metrics, `lightning_logs/version_k` as the reference lays it: the one that this run has already,
 * or else the next free number, so that training into a folder again overwrites nothing.
 */
export function versionFolder(outputFolder: string, run: LoggedRun): { folder: string; continued: boolean } {
  const all = join(outputFolder, parent);
  mkdirSync(all, { recursive: true });
  const numbers = readdirSync(all)
    .map((name) => /^version_(\d{1,9})$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number);
  const own = numbers.find((number) => runIdOf(join(all, `version_${number}`)) === run.runId);
  if (own !== undefined) return { folder: join(all, `version_${own}`), continued: true };
  const folder = join(all, `version_${Math.max(-1, ...numbers) + 1}`);
  mkdirSync(folder);
  writeFileSync(join(folder, parametersFile), stringify({ run_id: run.runId, ...run.parameters }));
  return { folder, continued: false };
}

function runIdOf(folder: string): string | null {
  try {
    const parameters: unknown = parse(readFileSync(join(folder, parametersFile), 'utf8'));
    const id = (parameters as { readonly run_id?: unknown } | null)?.run_id;
    return typeof id === 'string' ? id : null;
  } catch {
    // Somebody else's folder, or one that a crash left empty.
    return null;
  }
}
