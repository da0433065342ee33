import { Option, type Command } from 'commander';
import { outputOf } from '../output.ts';

interface Flags {
  readonly json?: true;
  readonly steps?: string | null;
  readonly coordinator?: string | null;
  readonly workers?: number | null;
}

/**
 * `ptychofleet runs verify` and `runs diff`.
 * @param common adds the options that every command has.
 */
export function addLedgerCommands(
  runs: Command,
  common: (command: Command) => Command,
  number: (text: string) => number,
  interruptible: () => AbortSignal,
): void {
  runs.enablePositionalOptions();
  common(
    runs
      .command('verify')
      .description('Compute steps of a finished training again and compare them with its ledger.')
      .argument('<run>', 'output folder of the run'),
  )
    .option('--steps <range>', 'A..B, counted from 1 (default: all)')
    .addOption(new Option('--coordinator <address>', 'use this fleet (default: a private one)'))
    .option('--workers <count>', 'workers of the private fleet (default: one per core)', number)
    .action(async (run: string, { steps = null, coordinator = null, workers = null, ...flags }: Flags) => {
      const { verifyRun } = await import('./verify.ts');
      await verifyRun(run, steps, { coordinator, workers }, outputOf(flags), interruptible());
    });
  common(
    runs
      .command('diff')
      .description('Find the first step and tensor at which two trainings part.')
      .argument('<one>', 'output folder of a run, or a ledger.jsonl')
      .argument('<other>', 'the same of another run'),
  ).action(async (one: string, other: string, flags: Flags) =>
    (await import('./diff.ts')).diffRuns(one, other, outputOf(flags)),
  );
}
