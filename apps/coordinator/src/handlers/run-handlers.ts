import { Fault, type Digest, type Logger } from '@ptychofleet/base';
import type { BlobStore } from '@ptychofleet/store';
import { statusOf, type RunServiceHandlers } from '@ptychofleet/wire';
import type { Coordinator } from '../coordinator.ts';
import type { RunRecord } from '../run-record.ts';
import type { Submission, Submitter } from '../submit.ts';
import { respond } from './respond.ts';
import { streamBytes } from './stream-bytes.ts';

const requestIdMax = 128;

export function runHandlers(
  coordinator: Coordinator,
  submitter: Submitter,
  blobs: BlobStore,
  logger: Logger,
): RunServiceHandlers {
  const byRequest = new Map<string, Promise<RunRecord>>();
  return {
    CreateRun: ({ request }, callback) => {
      respond(logger, callback, async () => {
        const { requestId } = request;
        if (requestId === '' || requestId.length > requestIdMax) {
          throw new Fault(
            'invalid-input',
            `request_id: received ${requestId.length} characters, expected 1 to ${requestIdMax}`,
          );
        }
        // A client that repeats itself after a lost answer gets the run it made.
        const known = byRequest.get(requestId);
        const record = known ?? submitter.submit(request as Submission);
        byRequest.set(requestId, record);
        record.catch(() => byRequest.delete(requestId));
        return { run: (await record).toMessage() };
      });
    },
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
        const stop = record.watch(stream.request.fromSequence, (event) => {
          stream.write({ event });
          if (record.closed) stream.end();
        });
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
        const artifact = record.artifacts.get(name);
        const bytes = artifact === undefined ? null : await blobs.get(artifact.digest as Digest);
        if (bytes === null) {
          const made = [...record.artifacts.keys()].join(', ') || 'none yet';
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
