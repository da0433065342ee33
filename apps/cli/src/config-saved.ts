import {
  savedConfig,
  savedConfigText,
  type InferencePayload,
  type TrainingPayload,
} from '@ptychofleet/config';
import { Fault, messageOf } from '@ptychofleet/base';
import { writeFileAtomic } from '@ptychofleet/store';
import { Option, type Command } from 'commander';
import { reporterFor, type OutputOptions } from './output.ts';

export interface SavedConfigFlags {
  readonly printConfig?: true;
  readonly saveConfig?: string;
}

export function addSavedConfigOptions(command: Command): void {
  const options = [
    new Option('--print-config', 'Print everything as decided, for --config, and start nothing.'),
    new Option('--save-config <file>', 'Write the same to a file, then go on.'),
  ];
  for (const option of options) command.addOption(option.helpGroup('Output:'));
}

/**
 * Prints and saves what was decided, as far as asked for.
 * @returns whether that is all that was asked for
 */
export async function writeConfig(
  payload: TrainingPayload | InferencePayload,
  { printConfig, saveConfig }: SavedConfigFlags,
  output: OutputOptions,
): Promise<boolean> {
  if (saveConfig !== undefined) await save(saveConfig, savedConfigText(payload));
  if (printConfig === undefined) return false;
  const { json } = output;
  // A run says them itself.
  const reporter = reporterFor(output, 'step');
  for (const warning of payload.warnings) reporter.warn(warning);
  process.stdout.write(
    json ? `${JSON.stringify(savedConfig(payload), null, 2)}\n` : savedConfigText(payload),
  );
  return true;
}

async function save(path: string, text: string): Promise<void> {
  try {
    await writeFileAtomic(path, new TextEncoder().encode(text));
  } catch (error) {
    throw new Fault(
      'invalid-input',
      `--save-config ${path} cannot be written: ${messageOf(error)}; choose another file`,
      { field: '--save-config', received: path },
      { cause: error },
    );
  }
}
