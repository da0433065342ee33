import { randomUUID } from 'node:crypto';
import { digestOf, Fault } from '@ptychofleet/base';
import type { Reporter, RunLog } from '@ptychofleet/telemetry';
import type { CoordinatorClient, CreateRunRequest, EpochRecord, Run } from '@ptychofleet/wire';

/** Sends a scan unless the coordinator holds it already; returns its handle. */
export async function sendScan(
  client: CoordinatorClient,
  { name, bytes }: { readonly name: string; readonly bytes: Uint8Array },
): Promise<string> {
  const digest = digestOf(bytes);
  try {
    await client.getDataset(digest);
  } catch (error) {
    if (!(error instanceof Fault && error.kind === 'not-found')) throw error;
    await client.uploadDataset(name, bytes);
  }
  return digest;
}

/** Submits a run. */
export function submit(
  client: CoordinatorClient,
  request: Omit<CreateRunRequest, 'requestId'>,
): Promise<Run> {
  return client.createRun({ ...request, requestId: randomUUID() });
}

export interface FollowedRun {
  readonly run: Run;
  readonly epochs: readonly EpochRecord[];
}

/** Follows a run to its end, shows it and logs it. A run that did not succeed is a fault with its reason. */
export async function followRun(
  client: CoordinatorClient,
  runId: string,
  reporter: Reporter,
  log: Pick<RunLog, 'step' | 'epoch'> | null = null,
): Promise<FollowedRun> {
  const epochs: EpochRecord[] = [];
  let run = await client.getRun(runId);
  let epochCount = run.progress?.epochCount ?? 0;
  let step = 0;
  try {
    for await (const event of client.watchRun(runId)) {
      if (event.event === 'progress' && event.progress) {
        epochCount = event.progress.epochCount;
        reporter.progress(event.progress);
      } else if (event.event === 'epochFinished' && event.epochFinished) {
        epochs.push(event.epochFinished);
        const { validationLoss, ...record } = event.epochFinished;
        const epoch = { ...record, ...(validationLoss == null ? {} : { validationLoss }) };
        log?.epoch({ ...epoch, step });
        reporter.epoch(epoch, epochCount);
      } else if (event.event === 'stepFinished' && event.stepFinished) {
        const { gradientNorm, ...record } = event.stepFinished;
        log?.step({ ...record, ...(gradientNorm == null ? {} : { gradientNorm }) });
        step = record.step;
      } else if (event.event === 'note' && event.note) reporter.note(event.note);
      else if (event.event === 'stateChanged' && event.stateChanged) run = event.stateChanged;
    }
  } finally {
    reporter.stop();
  }
  if (run.state === 'RUN_STATE_SUCCEEDED') return { run, epochs };
  if (run.state === 'RUN_STATE_CANCELLED') throw new Fault('run-failed', `run ${runId} was cancelled`);
  throw new Fault(
    'run-failed',
    `run ${runId} failed: ${run.reason || 'the coordinator closed the stream before its end'}`,
  );
}
