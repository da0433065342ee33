import { sendOutboxes } from '@ptychofleet/telemetry';
import { Fault } from '@ptychofleet/base';
import { Option, type Command } from 'commander';
import { printResult, reporterFor } from './output.ts';

interface Flags {
  readonly json?: true;
  readonly mlflowTrackingUri?: string;
}

const waitMs = 60_000;

export const trackingUriOption = (): Option =>
  new Option('--mlflow-tracking-uri <url>', 'tracking server (default: MLFLOW_TRACKING_URI)');

/**
 * `ptychofleet mlflow …`.
 * @param common adds the options that every command has.
 */
export function addMlflowCommands(program: Command, common: (command: Command) => Command): void {
  const mlflow = program
    .command('mlflow')
    .helpGroup('Runs:')
    .description('Bring to an MLflow server what could not be sent while a run was under way.')
    .addHelpText('after', '\nExample:\n  ptychofleet mlflow send out/s');
  common(
    mlflow
      .command('send')
      .description('Send the rest of the logs that runs left in a folder.')
      .argument('<folder>', 'output folder of a training run'),
  )
    .addOption(trackingUriOption())
    .action(send);
}

async function send(folder: string, { json, mlflowTrackingUri }: Flags): Promise<void> {
  const output = { json: json === true, quiet: false };
  const reporter = reporterFor(output, 'step');
  const { mlflowAddress } = await import('./training-log.ts');
  const address = mlflowAddress(mlflowTrackingUri ?? null, process.env);
  const sent = await sendOutboxes(folder, address, waitMs, (text) => reporter.warn(text));
  if (sent.length === 0) {
    throw new Fault('not-found', `${folder} holds no MLflow log; name the output folder of a run`, {
      field: 'folder',
      received: folder,
    });
  }
  const left = sent.find(({ complete }) => !complete);
  if (left !== undefined)
    throw new Fault(
      'unavailable',
      `${left.path} could not be sent to ${address.trackingUri}; try again later`,
    );
  printResult(
    output,
    { type: 'result', command: 'mlflow send', logs: sent },
    sent.map(({ path, mlflowRunId }) => `${path} is on the server as run ${mlflowRunId ?? ''}`),
  );
}
