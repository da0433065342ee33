import { createInferencePayload, createTrainingPayload } from '@ptychofleet/config';
import { objectKinds, scanKinds } from '@ptychofleet/data';
import { Command, InvalidArgumentError, Option } from 'commander';
import { addBundleCommands } from './bundle/commands.ts';
import { addCompletionCommand } from './completion.ts';
import { addConfigCommands } from './config-commands.ts';
import { addSavedConfigOptions, writeConfig } from './config-saved.ts';
import { addEvaluateCommand } from './evaluate/command.ts';
import { addExamples } from './examples.ts';
import { factoryPorts } from './factory-ports.ts';
import { addLedgerCommands } from './ledger/commands.ts';
import { addMlflowCommands, trackingUriOption } from './mlflow-commands.ts';
import { outputOf, printFailure } from './output.ts';
import { addRunFlags, sourcesOf } from './run-options.ts';
import type { SimulateArguments } from './simulate.ts';
import type { UpArguments } from './up.ts';
import type { RunOrder, WatchArguments } from './watch.ts';

// What a command needs is loaded when it is given: help and completion do not wait for gRPC and pictures.
const commands = {
  demo: () => import('./demo.ts'),
  infer: () => import('./infer.ts'),
  simulate: () => import('./simulate.ts'),
  train: () => import('./train.ts'),
  up: () => import('./up.ts'),
  watch: () => import('./watch.ts'),
};

interface CommonFlags {
  readonly json?: true;
  readonly quiet?: true;
  readonly coordinator?: string;
  readonly workers?: number;
}

const fleetOf = ({ coordinator, workers }: CommonFlags) => ({
  coordinator: coordinator ?? null,
  workers: workers ?? null,
});

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new InvalidArgumentError(`received ${text}, expected a number`);
  return value;
}

/**
 * The command line: what there is, what it is called and what it does.
 * @param json whether faults of the arguments are told as JSON.
 * @param interruptible announces that the command stops in order when it is interrupted, and tells it when.
 */
export function createProgram(interruptible: () => AbortSignal, json: boolean): Command {
  const program = new Command('ptychofleet')
    .description(
      'Trains and runs physics-informed ptychography networks on a fleet of gRPC workers, with the same bits for any number of them.',
    )
    .exitOverride()
    // What follows the name of a command is that command's, also where its parent has an option of the same name.
    .enablePositionalOptions()
    .configureHelp({ helpWidth: 80 })
    .configureOutput({ outputError: (text) => printFailure(json, asSentence(text), 'invalid-input') })
    .addHelpText('after', examples);

  runCommand(program, 'train', 'Train a network on a scan and write the weight bundle wts.h5.zip.')
    .action(async function (this: Command) {
      const typed = typedFlags.get(this) ?? [];
      const payload = createTrainingPayload(sourcesOf('train', typed), factoryPorts);
      if (await writeConfig(payload, this.opts(), outputOf(this.opts()))) return;
      const { resume = null } = this.opts<{ resume?: string }>();
      const { train } = await commands.train();
      await train(payload, fleetOf(this.opts()), outputOf(this.opts()), interruptible(), resume);
    })
    .addOption(
      new Option(
        '--resume <checkpoint>',
        'Go on from a checkpoint: a file, the folder of a run, or last for the one in --output_dir. Give the settings that the run began with, or its run.json as --config.',
      ).helpGroup('Checkpoints and logging:'),
    );
  runCommand(program, 'infer', 'Reconstruct a scan with a trained network.').action(async function (
    this: Command,
  ) {
    const typed = typedFlags.get(this) ?? [];
    const payload = createInferencePayload(sourcesOf('infer', typed), factoryPorts);
    if (await writeConfig(payload, this.opts(), outputOf(this.opts()))) return;
    const { infer } = await commands.infer();
    await infer(payload, fleetOf(this.opts()), outputOf(this.opts()), interruptible());
  });
  addFleetCommands(program, interruptible);
  addDataCommands(program, interruptible);
  addEvaluateCommand(program, common);
  addBundleCommands(program, common);
  addConfigCommands(program, common);
  addMlflowCommands(program, common);
  for (const [name, text] of delegated) program.command(name).helpGroup('Fleet:').description(text);
  addCompletionCommand(program);
  addExamples(program);
  return program;
}

/** Started by the launcher before this program is; listed here for the help. */
const delegated: readonly [string, string][] = [
  ['coordinator', 'Start a coordinator: takes runs, hands out micro-batches, merges results.'],
  ['worker', 'Start a worker that computes for a coordinator.'],
  ['doctor', 'Check every part of the installation and say how to mend it.'],
];

const typedFlags = new WeakMap<Command, ReturnType<typeof addRunFlags>>();

function runCommand(program: Command, name: 'train' | 'infer', description: string): Command {
  const command = program.command(name).description(description).helpGroup('Runs:');
  common(command);
  command.addOption(
    new Option(
      '--coordinator <address>',
      'Use this fleet: HOST:PORT or unix:/path. Without it a private one is started.',
    ).helpGroup('Fleet:'),
  );
  command.addOption(
    new Option('--workers <count>', 'Workers of the private fleet. (default: one per core)')
      .argParser(number)
      .helpGroup('Fleet:'),
  );
  addSavedConfigOptions(command);
  typedFlags.set(command, addRunFlags(command, name));
  return command;
}

/** Commander's complaints in the form of all others. */
function asSentence(text: string): string {
  const [what = '', guess] = text
    .trim()
    .replace(/^error: /, '')
    .split('\n');
  const sentence = what.replace(/\.$/, '').replace('. ', ', ');
  const help = guess?.replace('(Did', 'did').replace('?)', '?') ?? 'add --help for all options';
  return `${sentence}; ${help}`;
}

function common(command: Command): Command {
  return command.addOption(
    new Option('--json', 'Progress as JSON lines on stderr, the result as JSON on stdout.').helpGroup(
      'Output:',
    ),
  );
}

function addFleetCommands(program: Command, interruptible: () => AbortSignal): void {
  const address = ['--coordinator <address>', 'HOST:PORT or unix:/path', '127.0.0.1:50051'] as const;
  const quiet = ['--quiet', 'print nothing but warnings'] as const;
  common(
    program.command('up').helpGroup('Fleet:').description('Start a local fleet that stays until Ctrl-C.'),
  )
    .option('--listen <address>', 'HOST:PORT or unix:/path', '127.0.0.1:50051')
    .option('--workers <count>', 'number of workers (default: one per core)', number)
    .option('--state-dir <folder>', 'where scans, models, results and logs are kept', '.ptychofleet/fleet')
    .option(...quiet)
    .action(async (options: CommonFlags & UpArguments) => {
      const { up } = await commands.up();
      await up({ ...options, workers: options.workers ?? null }, outputOf(options), interruptible());
    });
  const runs = common(
    program
      .command('runs')
      .helpGroup('Fleet:')
      .description('List the runs of a coordinator; verify and compare what runs have left.'),
  )
    .option(...address)
    .action(async (options: CommonFlags & { coordinator: string }) =>
      (await commands.watch()).listRuns(options.coordinator, outputOf(options)),
    );
  addLedgerCommands(runs, common, number, interruptible);
  common(
    program
      .command('watch')
      .helpGroup('Fleet:')
      .description('Follow a run, by default the newest.')
      .argument('[run]', 'id of the run'),
  )
    .option(...address)
    .option('--logger <names>', 'log it here, too: csv, tensorboard, mlflow, joined by commas')
    .option('--output_dir <folder>', 'where the log goes', 'training_outputs')
    .addOption(trackingUriOption())
    .option(...quiet)
    .action(async (run: string | undefined, options: CommonFlags & WatchArguments) =>
      (await commands.watch()).watch(options, run ?? null, outputOf(options)),
    );
  for (const [name, does] of orders) {
    common(program.command(name).helpGroup('Fleet:').description(does).argument('<run>', 'id of the run'))
      .option(...address)
      .action(async (run: string, options: CommonFlags & { coordinator: string }) =>
        (await commands.watch()).order(name, options.coordinator, run, outputOf(options)),
      );
  }
  common(
    program
      .command('drain')
      .helpGroup('Fleet:')
      .description('Take a worker out: it finishes what it holds and is sent away.')
      .argument('<worker>', 'id of the worker, as `workers` lists it'),
  )
    .option(...address)
    .action(async (worker: string, options: CommonFlags & { coordinator: string }) =>
      (await commands.watch()).drain(options.coordinator, worker, outputOf(options)),
    );
  common(program.command('workers').helpGroup('Fleet:').description('List the workers of a coordinator.'))
    .option(...address)
    .action(async (options: CommonFlags & { coordinator: string }) =>
      (await commands.watch()).listWorkers(options.coordinator, outputOf(options)),
    );
}

const orders: readonly [RunOrder, string][] = [
  ['pause', 'Hold a run: what is at work is finished, nothing more is given out.'],
  ['resume', 'Let a held run go on where it stood.'],
  ['cancel', 'End a run at once.'],
];

function addDataCommands(program: Command, interruptible: () => AbortSignal): void {
  common(
    program
      .command('simulate')
      .helpGroup('Data:')
      .description('Make a scan with its truth: object, probe, positions, Poisson noise.')
      .argument('<file>', 'NPZ file to write'),
  )
    .option('--N <pixels>', 'side of a pattern: 64, 128 or 256', number, 64)
    .addOption(new Option('--object <kind>', 'kind of object').choices(objectKinds).default('star'))
    .option('--object-side <pixels>', 'side of the object', number, 232)
    .addOption(
      new Option(
        '--probe <kind>',
        'disk: idealised with a curved phase; defocused: annular aperture out of focus',
      )
        .choices(['disk', 'defocused'])
        .default('disk'),
    )
    .addOption(new Option('--scan <kind>', 'scan pattern').choices(scanKinds).default('jittered'))
    .option('--count <patterns>', 'number of scan positions', number, 512)
    .option('--photons <count>', 'mean photons per pattern', number, 1e6)
    .option('--amplitude-min <t>', 'transmission at the darkest place', number)
    .option('--phase-max <rad>', 'phase at the thickest place, 0 at the thinnest', number)
    .option('--no-noise', 'exact amplitudes without Poisson noise')
    .option('--seed <number>', 'seed of the object', number, 1)
    .option('--scan-seed <number>', 'seed of positions and noise (default: from --seed)', number)
    .option('--quiet', 'print nothing but warnings')
    .action(async (file: string, options: CommonFlags & SimulateArguments) =>
      (await commands.simulate()).simulate(options, file, outputOf(options)),
    );
  common(
    program
      .command('demo')
      .helpGroup('Runs:')
      .description('Simulate, train with two workers, reconstruct and compare: everything in one folder.'),
  )
    .option('--output_dir <folder>', 'where everything goes', 'out/demo')
    .option('--workers <count>', 'workers of the private fleet', number, 2)
    .option('--max_epochs <count>', 'epochs of 512 patterns', number, 10)
    .option('--quiet', 'print nothing but warnings')
    .action(async (options: CommonFlags & { output_dir: string; workers: number; max_epochs: number }) => {
      const { output_dir: outputDir, workers, max_epochs: epochs } = options;
      const { demo } = await commands.demo();
      await demo({ outputDir, workers, epochs }, outputOf(options), interruptible());
    });
}

const examples = `
Examples:
  ptychofleet demo
  ptychofleet train --train_data_file scan.npz --output_dir out/s --gridsize 1
  ptychofleet infer --model_path out/s --test_data scan.npz --output_dir out/rec
  ptychofleet up --workers 4 &
  ptychofleet train --coordinator 127.0.0.1:50051 --train_data_file scan.npz

Exit codes: 0 success, 1 failed run, 2 bad input, 3 no coordinator or workers,
130 interrupted.`;
