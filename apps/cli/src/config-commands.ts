import {
  configFileJsonSchema,
  createInferencePayload,
  createTrainingPayload,
  type RunCommand,
} from '@ptychofleet/config';
import { Argument, type Command } from 'commander';
import { showFields, showResolution } from './config-show.ts';
import { factoryPorts } from './factory-ports.ts';
import { addRunFlags, sourcesOf } from './run-options.ts';

interface Flags {
  readonly json?: true;
}

/**
 * `ptychofleet config …`.
 * @param common adds the options that every command has.
 */
export function addConfigCommands(program: Command, common: (command: Command) => Command): void {
  const config = program
    .command('config')
    .helpGroup('Configuration:')
    .description('Show what a run would be, its fields, and a schema for editors.')
    .addHelpText('after', examples);
  const resolve = config
    .command('resolve')
    .description('Decide every value of a run and show who decided it; starts nothing.')
    .addHelpText('after', '\nExample:\n  ptychofleet config resolve train --config run.yaml');
  for (const name of ['train', 'infer'] as const) {
    const command = common(resolve.command(name).description(`Decide every value of ${name}.`));
    const typed = addRunFlags(command, name);
    command.action((flags: Flags) => {
      const sources = sourcesOf(name, typed);
      const payload =
        name === 'train'
          ? createTrainingPayload(sources, factoryPorts)
          : createInferencePayload(sources, factoryPorts);
      showResolution(payload, flags.json === true);
    });
  }
  config
    .command('schema')
    .description('Print the JSON Schema (draft 2020-12) of the --config file.')
    .action(() => {
      process.stdout.write(`${JSON.stringify(configFileJsonSchema(), null, 2)}\n`);
    });
  common(config.command('fields').description('List every field with flag, variable and default.'))
    .addArgument(new Argument('[command]', 'both commands if left out').choices(['train', 'infer']))
    .action((only: RunCommand | undefined, flags: Flags) =>
      showFields(only === undefined ? ['train', 'infer'] : [only], flags.json === true),
    );
}

const examples = `
Examples:
  ptychofleet config resolve train --train_data_file scan.npz --gridsize 2
  ptychofleet config schema > ptychofleet.schema.json
  ptychofleet config fields infer`;
