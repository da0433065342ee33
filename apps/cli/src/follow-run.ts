import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { digestOf, Fault } from '@ptychofleet/base';
import { limits } from '@ptychofleet/config';
import type { Reporter, RunLog } from '@ptychofleet/telemetry';
import {
  reconnectDelayMs,
  type CoordinatorClient,
  type CreateRunRequest,
  type EpochRecord,
  type Run,
  type RunEvent__Output as RunEvent,
} from '@ptychofleet/wire';

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
  onEvent: (event: RunEvent) => void = () => undefined,
  interrupt: AbortSignal | null = null,
): Promise<FollowedRun> {
  const epochs: EpochRecord[] = [];
  let run = await client.getRun(runId);
  let epochCount = run.progress?.epochCount ?? 0;
  let step = 0;
  try {
    for await (const event of eventsOf(client, runId, reporter, interrupt)) {
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
      onEvent(event);
    }
  } finally {
    reporter.stop();
  }
  if (run.state === 'RUN_STATE_SUCCEEDED') return { run, epochs };
  if (run.state === 'RUN_STATE_CANCELLED') throw new Fault('run-failed', `run ${runId} was cancelled`);
  throw new Fault('run-failed', `run ${runId} failed: ${run.reason || 'no reason was given'}`);
}

const finalStates = ['RUN_STATE_SUCCEEDED', 'RUN_STATE_FAILED', 'RUN_STATE_CANCELLED'];

/** The events of a run to its last one, each once; a coordinator that is started again meanwhile is waited for. */
async function* eventsOf(
  client: CoordinatorClient,
  runId: string,
  reporter: Reporter,
  interrupt: AbortSignal | null,
): AsyncGenerator<RunEvent> {
  let last = 0;
  let over = false;
  let lostAt: number | null = null;
  for (let attempt = 0; !over;) {
    try {
      for await (const event of client.watchRun(runId, last + 1)) {
        if (lostAt !== null) reporter.note('the coordinator is back');
        lostAt = null;
        attempt = 0;
        // Progress has the number of the event before it.
        last = Math.max(last, event.sequence);
        over = finalStates.includes(event.stateChanged?.state ?? '');
        yield event;
      }
      if (!over) throw new Fault('unavailable', `the coordinator ended the stream of ${runId}`);
    } catch (error) {
      if (!(error instanceof Fault) || error.kind !== 'unavailable') throw error;
      // An interrupted command hangs up itself.
      if (interrupt?.aborted === true) throw error;
      if (lostAt === null) reporter.note(`${error.message}; looking for it`);
      lostAt ??= performance.now();
      if (performance.now() - lostAt > limits.coordinatorPatienceMs) throw error;
      await setTimeout(reconnectDelayMs(attempt++));
    }
  }
}
