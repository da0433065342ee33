import { exchangeLayouts, type ExchangeLayout } from '@ptychofleet/bundle';
import type { FlagDescriptor } from '@ptychofleet/config';
import { Option, type Command } from 'commander';
import { outputOf } from '../output.ts';
import { addRunFlags, sourcesOf } from '../run-options.ts';

const show = () => import('./show.ts');
const exchange = () => import('./exchange.ts');

interface Flags {
  readonly json?: true;
}

interface ExchangeFlags extends Flags {
  readonly layout: ExchangeLayout;
  readonly like?: string;
}

/**
 * `ptychofleet bundle …`.
 * @param common adds the options that every command has.
 */
export function addBundleCommands(program: Command, common: (command: Command) => Command): void {
  const bundle = program
    .command('bundle')
    .helpGroup('Data:')
    .description('Show, verify, export and import weight bundles.')
    .addHelpText('after', examples);
  const add = (name: string, description: string): Command =>
    common(bundle.command(name).description(description));
  const whichBundle = 'run folder with wts.h5.zip, or the bundle itself';
  const layout = (): Option =>
    new Option('--layout <layout>', 'names, order and shapes of the reference: PyTorch or Keras')
      .choices(exchangeLayouts)
      .default('torch');

  add('show', 'List the tensors of a bundle, its model and its digests.')
    .argument('<bundle>', whichBundle)
    .action(async (path: string, flags: Flags) => (await show()).showBundle(path, outputOf(flags)));
  add('verify', 'Check a bundle completely: checksums, model, shapes, finite weights.')
    .argument('<bundle>', whichBundle)
    .action(async (path: string, flags: Flags) => (await show()).verifyBundle(path, outputOf(flags)));
  add('export', 'Write the weights as NPZ or HDF5 in the layout of the reference.')
    .argument('<bundle>', whichBundle)
    .argument('<file>', 'file to write: .npz, .h5 or .hdf5')
    .addOption(layout())
    .action(async (path: string, file: string, flags: ExchangeFlags) =>
      (await exchange()).exportBundle(path, file, flags.layout, outputOf(flags)),
    );

  const importing = add('import', 'Make a bundle of weights in the layout of the reference.')
    .argument('<file>', 'file to read: .npz, .h5 or .hdf5')
    .argument('<bundle>', 'bundle to write: a folder, or a name that ends in .zip')
    .addOption(layout())
    .option('--like <bundle>', 'take model and scales from this bundle');
  const typed = addRunFlags(importing, 'train', statesModel);
  importing.addHelpText('after', aboutImport);
  importing.action(async (file: string, target: string, flags: ExchangeFlags) =>
    (await exchange()).importBundle(
      {
        file,
        target,
        layout: flags.layout,
        like: flags.like ?? null,
        sources: () => sourcesOf('train', typed),
        typed: typed.map(({ flag }) => flag),
      },
      outputOf(flags),
    ),
  );
}

/** The flags of `train` that say how weights are used. */
function statesModel({ field }: FlagDescriptor): boolean {
  return field.startsWith('model.') || ['input.configFile', 'input.profile', 'data.nphotons'].includes(field);
}

const aboutImport = `
N, gridsize, width, attention and heads follow from the shapes unless stated.
Activation, outer ring and the scales do not: they come from --like, from
--config, from --profile upstream (the reference's own) or from their flags.`;

const examples = `
Examples:
  ptychofleet bundle show out/s
  ptychofleet bundle export out/s weights.npz --layout torch
  ptychofleet bundle import weights.npz out/back --like out/s
  ptychofleet bundle import reference.npz out/ref --profile upstream`;
