import { Fault } from '@ptychofleet/base';
import { commandLineLevel } from '@ptychofleet/config';
import type { RunEnd } from '@ptychofleet/telemetry';
import { CoordinatorClient, fromStruct } from '@ptychofleet/wire';
import { followRun } from './follow-run.ts';
import { printResult, reporterFor, type OutputOptions } from './output.ts';
import { checkTrainingLog, openTrainingLog } from './training-log.ts';

const connectTimeoutMs = 5000;

async function connected<Result>(
  address: string,
  work: (client: CoordinatorClient) => Promise<Result>,
): Promise<Result> {
  const client = new CoordinatorClient(address);
  try {
    await client.connect(connectTimeoutMs);
    return await work(client);
  } finally {
    client.close();
  }
}

export interface WatchArguments {
  readonly coordinator: string;
  readonly logger?: string;
  readonly output_dir: string;
  readonly mlflowTrackingUri?: string;
}

/** As `train` takes it. */
function loggersOf(text: string): string | null {
  const { assignments } = commandLineLevel('train', [{ flag: '--logger', text }]);
  return assignments[0]?.value as string | null;
}

/**
 * Follows a run that somebody submitted; the newest one when none is named. A log gets the run's whole history, or what it
 * lacks of it when it was begun before.
 */
export async function watch(
  { coordinator, logger = 'none', output_dir: outputDir, mlflowTrackingUri }: WatchArguments,
  runId: string | null,
  output: OutputOptions,
): Promise<void> {
  const backends = loggersOf(logger);
  const trackingUri = mlflowTrackingUri ?? null;
  checkTrainingLog({ backends, trackingUri });
  await connected(coordinator, async (client) => {
    const chosen = runId ?? (await client.listRuns()).at(-1)?.runId;
    if (chosen === undefined) {
      throw new Fault(
        'not-found',
        `no run to watch at ${coordinator} yet; start one with \`ptychofleet train\``,
      );
    }
    const reporter = reporterFor(output, 'step');
    const known = await client.getRun(chosen);
    if (backends !== null && known.kind !== 'RUN_KIND_TRAINING')
      throw new Fault('invalid-input', `--logger: run ${chosen} is a reconstruction, which has no metrics`);
    const spec = fromStruct(known.spec);
    const place = { outputDir, runId: chosen, spec, trackingUri };
    const log = openTrainingLog({ backends, ...place }, (text) => reporter.warn(text));
    let end: RunEnd = 'failed';
    const { run, epochs } = await followRun(client, chosen, reporter, log)
      .then((followed) => ((end = 'succeeded'), followed))
      .finally(() => log.close(end));
    printResult(output, { type: 'result', command: 'watch', ...run }, [
      `run ${run.runId} succeeded after ${epochs.length} epochs`,
    ]);
  });
}

/** Lists the runs of a coordinator. */
export async function listRuns(address: string, output: OutputOptions): Promise<void> {
  await connected(address, async (client) => {
    const runs = await client.listRuns();
    const lines = runs.map((run) => {
      const { step = 0, stepCount = 0 } = run.progress ?? {};
      const kind = run.kind === 'RUN_KIND_TRAINING' ? 'training' : 'inference';
      const state = stateOf(run);
      return `${run.runId}  ${kind.padEnd(9)}  ${state.padEnd(9)}  ${step}/${stepCount}  ${run.reason}`;
    });
    printResult(
      output,
      { type: 'result', command: 'runs', runs },
      lines.length === 0 ? ['no runs yet'] : lines,
    );
  });
}

const stateOf = ({ state }: { readonly state: string }): string =>
  state.replace('RUN_STATE_', '').toLowerCase();

/** Lists the workers of a coordinator. */
export async function listWorkers(address: string, output: OutputOptions): Promise<void> {
  await connected(address, async (client) => {
    const workers = await client.listWorkers();
    const lines = workers.map(
      ({ workerId, name, leaseCount, taskCount, processId, state, reason }) =>
        `${workerId.padEnd(5)}  ${name.padEnd(20)}  pid ${processId}  ${leaseCount} at work  ${taskCount} done  ${state}${reason === '' ? '' : `: ${reason}`}`,
    );
    printResult(
      output,
      { type: 'result', command: 'workers', workers },
      lines.length === 0 ? ['no workers'] : lines,
    );
  });
}

/** Takes a worker out: it finishes what it holds and is sent away. */
export async function drain(address: string, workerId: string, output: OutputOptions): Promise<void> {
  await connected(address, async (client) => {
    const worker = await client.drainWorker(workerId);
    printResult(output, { type: 'result', command: 'drain', ...worker }, [
      `worker ${worker.workerId} (${worker.name}) takes no more tasks`,
    ]);
  });
}

/** What a client may tell a run: to end at once, to hold, to go on. */
export type RunOrder = 'cancel' | 'pause' | 'resume';

export async function order(
  name: RunOrder,
  address: string,
  runId: string,
  output: OutputOptions,
): Promise<void> {
  await connected(address, async (client) => {
    const run = await client[`${name}Run`](runId);
    printResult(output, { type: 'result', command: name, ...run }, [
      `run ${run.runId}: ${run.reason || stateOf(run)}`,
    ]);
  });
}
