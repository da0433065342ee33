import { bytesOf, Fault, isContentDigest, isDigest, RunningDigest, type Logger } from '@ptychofleet/base';
import {
  ChunkCollector,
  lasting,
  type BulkService,
  type ResultHeader,
  type ResultIntake,
} from '@ptychofleet/wire';
import type { BlobStore } from '@ptychofleet/store';
import type { Coordinator } from '../coordinator.ts';
import type { Job } from '../job.ts';
import { logFailure } from './respond.ts';

/** What workers fetch and deliver, whatever way it comes. */
export function bulkService(coordinator: Coordinator, stored: BlobStore, logger: Logger): BulkService {
  const isOpen = (sessionId: string): boolean => coordinator.workers.bySession(sessionId) !== undefined;
  /** What the first of the runs at work answers that has one. */
  const ofRuns = <T>(ask: (job: Job) => T | null | undefined): T | null => {
    for (const job of coordinator.jobs()) {
      const answer = ask(job);
      if (answer != null) return answer;
    }
    return null;
  };
  return {
    isOpen,
    async blob(sessionId, digest) {
      if (!isOpen(sessionId)) throw unknownSession();
      const lent = isContentDigest(digest) ? ofRuns((job) => job.blob(digest)) : null;
      if (lent !== null) return lent;
      const bytes = isDigest(digest) ? await stored.get(digest) : null;
      if (bytes !== null) return lasting(bytes);
      throw new Fault('not-found', `no content ${digest} is held here`, { field: 'digest' });
    },
    async next(sessionId, digest, gone) {
      if (!isOpen(sessionId)) throw unknownSession();
      const next = isContentDigest(digest) ? await ofRuns((job) => job.next?.(digest, gone)) : null;
      if (next === null || isOpen(sessionId)) return next;
      next.release();
      throw unknownSession();
    },
    openResult: (header) => openResult(coordinator, header),
    failed: (error) => logFailure(logger, error),
  };
}

/** A late result is read to its end and dropped: cutting the stream would look like a fault. */
const dropped: ResultIntake = {
  add: () => undefined,
  room: () => null,
  filled: () => undefined,
  finish: () => Promise.resolve(false),
};

function openResult(coordinator: Coordinator, header: ResultHeader): ResultIntake {
  const { sessionId, leaseId, lossSum, groupCount, valueCount, computeMs } = header;
  const life = coordinator.workers.bySession(sessionId);
  if (life === undefined) throw unknownSession();
  const expected = coordinator.expectAnswer(life, leaseId);
  if (expected === null) return dropped;
  if (expected.valueCount !== valueCount) {
    const message = `the result has ${valueCount} values, ${expected.valueCount} are expected`;
    throw new Fault('data-loss', message, { field: 'value_count' });
  }
  const running = new RunningDigest('blake3');
  const values = expected.memory();
  const spare = (): Uint8Array => bytesOf(values);
  const collector = new ChunkCollector('result', 4 * valueCount, { digest: () => running, spare });
  const room = collector.announce(4 * valueCount);
  return {
    add: (data) => collector.append(data),
    room: () => room,
    filled: (bytes) => collector.filled(bytes),
    finish: async (stated) => {
      collector.finish();
      if (running.finish() !== stated) throw new Fault('data-loss', 'the values do not match their digest');
      if (!(computeMs >= 0)) {
        throw new Fault('data-loss', `a result cannot take ${computeMs} ms`, { field: 'compute_ms' });
      }
      const digest = `${stated} ${lossSum} ${groupCount}`;
      return coordinator.answer(life, leaseId, { lossSum, groupCount, values, digest, computeMs });
    },
  };
}

function unknownSession(): Fault {
  return new Fault('failed-precondition', 'the session is over; open a new one', { field: 'session_id' });
}
