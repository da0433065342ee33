import { Fault, messageOf } from '@ptychofleet/base';
import { CommanderError } from 'commander';
import { printFailure } from './output.ts';

/** Says why a command ended without a result, unless that has been said; returns its exit code (docs/exit-codes.md). */
export function exitCodeOf(error: unknown, json: boolean): number {
  // Commander has said what is wrong, or has shown the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof Fault) {
    printFailure(json, error.message, error.kind, error.details);
    return error.exitCode;
  }
  printFailure(json, `internal error: ${messageOf(error)}`, 'internal');
  if (process.env.PTYCHOFLEET_DEBUG === '1' && error instanceof Error)
    process.stderr.write(`${error.stack ?? ''}\n`);
  return 1;
}
