import { Fault, type Logger } from '@ptychofleet/base';
import { ledgerText } from '@ptychofleet/store';
import { statusOf, type RunServiceHandlers } from '@ptychofleet/wire';
import type { Coordinator } from '../coordinator.ts';
import type { Library } from '../library.ts';
import type { RunRecord } from '../run-record.ts';
import type { Storage } from '../storage.ts';
import type { Submission, Submitter } from '../submit.ts';
import { collect, respond } from './respond.ts';
import { streamBytes } from './stream-bytes.ts';

const checkpointBytesMax = 8 * 2 ** 30;

export function runHandlers(
  coordinator: Coordinator,
  submitter: Submitter,
  library: Library,
  storage: Storage,
  logger: Logger,
): RunServiceHandlers {
  return {
    CreateRun: ({ request }, callback) =>
      respond(logger, callback, async () => ({
        run: (await submitter.submit(request as Submission)).toMessage(),
      })),
    UploadCheckpoint: (stream, callback) =>
      respond(logger, callback, async () => ({
        digest: await library.addCheckpoint(await collect(stream, 'the checkpoint', checkpointBytesMax)),
      })),
    GetRun: ({ request }, callback) =>
      respond(logger, callback, () =>
        Promise.resolve({ run: coordinator.record(request.runId).toMessage() }),
      ),
    ListRuns: (_call, callback) =>
      callback(null, { runs: coordinator.records().map((run) => run.toMessage()) }),
    CancelRun: ({ request }, callback) =>
      respond(logger, callback, () =>
        Promise.resolve({ run: coordinator.cancel(request.runId).toMessage() }),
      ),
    PauseRun: ({ request }, callback) =>
      respond(logger, callback, () => Promise.resolve({ run: coordinator.pause(request.runId).toMessage() })),
    ResumeRun: ({ request }, callback) =>
      respond(logger, callback, () =>
        Promise.resolve({ run: coordinator.resume(request.runId).toMessage() }),
      ),
    WatchRun: (stream) => {
      try {
        const record = coordinator.record(stream.request.runId);
        // A run that is over has ended before its past is told: the stream ends with the last event, not with the first.
        let told = false;
        const stop = record.watch(stream.request.fromSequence, (event) => {
          stream.write({ event });
          if (told && record.closed) stream.end();
        });
        told = true;
        if (record.closed) stream.end();
        stream.on('cancelled', stop);
        stream.on('close', stop);
      } catch (error) {
        stream.emit('error', statusOf(error));
      }
    },
    DownloadArtifact: (stream) => {
      const { runId, name } = stream.request;
      const load = async (): Promise<Uint8Array> => {
        const record = coordinator.record(runId);
        const bytes = await artifactOf(storage, record, name);
        if (bytes === null) {
          const made = [...record.artifacts.keys(), ...Object.keys(views)].join(', ');
          throw new Fault('not-found', `run ${runId} has no artifact ${name}; it has: ${made}`, {
            field: 'name',
          });
        }
        return bytes;
      };
      void streamBytes(stream, load, (chunk) => ({ chunk }));
    },
  };
}

/** Files that are made of the registry whenever they are asked for, while the run goes on as well. */
const views: Readonly<Record<string, (storage: Storage, record: RunRecord) => string>> = {
  'ledger.jsonl': ({ registry }, { runId, row }) => {
    const steps = registry.steps(runId).map(({ step }) => step);
    return row.ledger === null ? '' : ledgerText({ head: row.ledger, steps });
  },
  'ledger-workers.jsonl': ({ registry }, { runId }) =>
    registry
      .steps(runId)
      .map(({ step, workers }) => `${JSON.stringify({ step: step.step, workers })}\n`)
      .join(''),
};

async function artifactOf(storage: Storage, record: RunRecord, name: string): Promise<Uint8Array | null> {
  const view = Object.hasOwn(views, name) ? views[name] : undefined;
  if (view !== undefined) return new TextEncoder().encode(view(storage, record));
  const artifact = record.artifacts.get(name);
  if (artifact === undefined) return null;
  // Who fetches a checkpoint compares it with the digest that he was told.
  return (await storage.blobs.get(artifact.digest)) ?? storage.checkpoints.getUnchecked(artifact.digest);
}
