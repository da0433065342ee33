import type { Command } from 'commander';
import { outputOf } from '../output.ts';
import type { EvaluateArguments } from './evaluate.ts';

interface Flags extends EvaluateArguments {
  readonly json?: true;
  readonly quiet?: true;
}

/**
 * `ptychofleet evaluate`.
 * @param common adds the options that every command has.
 */
export function addEvaluateCommand(program: Command, common: (command: Command) => Command): void {
  common(
    program
      .command('evaluate')
      .helpGroup('Runs:')
      .description('Score reconstructions against a reference: table, metrics and a picture.'),
  )
    .requiredOption(
      '--reconstruction <file>',
      'reconstruction.npz of infer, or any NPZ with a complex array object; give it again to compare several',
      (path: string, before: readonly string[] | undefined) => [...(before ?? []), path],
    )
    .requiredOption(
      '--reference <file>',
      'scan with an objectGuess, another reconstruction, or an NPZ with object',
    )
    .option(
      '--output_dir <folder>',
      'where comparison.png, metrics.json and metrics.csv go',
      'evaluation_outputs',
    )
    .option('--quiet', 'print nothing but warnings')
    .addHelpText('after', examples)
    .action(async (flags: Flags) => (await import('./evaluate.ts')).evaluate(flags, outputOf(flags)));
}

const examples = `
Objects are placed by their origin where both have one, registered, and freed of
phase offset, phase ramp and scale, which diffraction leaves open.

Examples:
  ptychofleet evaluate --reconstruction out/rec/reconstruction.npz \\
      --reference scan.npz --output_dir out/rec/scores
  ptychofleet evaluate --reconstruction out/a/reconstruction.npz \\
      --reconstruction out/b/reconstruction.npz --reference truth.npz --json`;
