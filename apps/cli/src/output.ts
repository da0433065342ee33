import type { ErrorKind, FaultDetails } from '@ptychofleet/base';
import { createReporter, type Reporter, type ReportMode } from '@ptychofleet/telemetry';

export interface OutputOptions {
  readonly quiet: boolean;
  readonly json: boolean;
}

/** As the common flags say it; commander leaves out what was not typed. */
export function outputOf({ json, quiet }: { readonly json?: true; readonly quiet?: true }): OutputOptions {
  return { json: json === true, quiet: quiet === true };
}

/** Progress goes to stderr: a bar in a terminal, a line per epoch elsewhere; the result alone goes to stdout. */
export function reporterFor(options: OutputOptions, unit: 'step' | 'batch'): Reporter {
  const mode: ReportMode = options.json
    ? 'json'
    : options.quiet
      ? 'quiet'
      : process.stderr.isTTY
        ? 'terminal'
        : 'lines';
  return createReporter(mode, unit, process.stderr);
}

/** The same for a run, whose configuration may ask for no progress: what `--quiet` does, but for the result. */
export function reporterOfRun(
  { enableProgressBar }: { readonly enableProgressBar: boolean },
  options: OutputOptions,
  unit: 'step' | 'batch',
): Reporter {
  return reporterFor({ ...options, quiet: options.quiet || !enableProgressBar }, unit);
}

/** The end of a command: JSON for programs, lines for people. */
export function printResult(options: OutputOptions, record: object, lines: readonly string[]): void {
  if (options.json) process.stdout.write(`${JSON.stringify(record)}\n`);
  else if (!options.quiet) process.stdout.write(`${lines.join('\n')}\n`);
}

/** Why the command ends without a result: a sentence for people; a program that reads JSON lines gets one more of them. */
export function printFailure(
  json: boolean,
  message: string,
  kind: ErrorKind | 'internal',
  details: FaultDetails = {},
): void {
  const record = { type: 'error', kind, message, ...details };
  process.stderr.write(json ? `${JSON.stringify(record)}\n` : `ptychofleet: ${message}\n`);
}
