import { Fault, isDigest, messageOf, RunningDigest, type Logger } from '@ptychofleet/base';
import { slabFromBytes } from '@ptychofleet/params';
import { workerId } from '@ptychofleet/run';
import {
  ChunkCollector,
  type FleetServiceHandlers,
  type OpenSessionRequest__Output,
  type OpenSessionResponse,
  type PushResultRequest__Output,
  type ResultHeader,
  type ServerDuplexStream,
} from '@ptychofleet/wire';
import type { Coordinator } from '../coordinator.ts';
import { describeWorker, type WorkerLife } from '../workers.ts';
import { respond } from './respond.ts';
import { streamBytes } from './stream-bytes.ts';

type Session = ServerDuplexStream<OpenSessionRequest__Output, OpenSessionResponse>;

export function fleetHandlers(coordinator: Coordinator, logger: Logger): FleetServiceHandlers {
  return {
    OpenSession: (stream) => openSession(coordinator, logger, stream),
    PullBlob: (stream) => {
      const { digest, sessionId } = stream.request;
      const load = async (): Promise<Uint8Array> => {
        if (coordinator.workers.bySession(sessionId) === undefined) throw unknownSession();
        const bytes = isDigest(digest) ? await coordinator.blob(digest) : null;
        if (bytes === null)
          throw new Fault('not-found', `no content ${digest} is held here`, { field: 'digest' });
        return bytes;
      };
      void streamBytes(stream, load, (chunk) => ({ chunk }));
    },
    PushResult: (stream, callback) => {
      respond(logger, callback, async () => ({ accepted: await receiveResult(coordinator, stream) }));
    },
    DrainWorker: ({ request }, callback) => {
      respond(logger, callback, () => {
        const life = coordinator.workers.byId(workerId(request.workerId));
        if (life === undefined) {
          const message = `worker ${request.workerId} is not here; list those that are with ListWorkers`;
          throw new Fault('not-found', message, { field: 'worker_id' });
        }
        coordinator.drain(life, 'drained by a client', true);
        return Promise.resolve({ worker: describeWorker(life, coordinator.standingOf(life)) });
      });
    },
    ListWorkers: (_call, callback) => {
      const workers = coordinator.workers.all().map((life) => {
        return describeWorker(life, coordinator.standingOf(life));
      });
      callback(null, { workers });
    },
  };
}

/** Reads one result; says whether it counted. */
async function receiveResult(
  coordinator: Coordinator,
  stream: AsyncIterable<PushResultRequest__Output>,
): Promise<boolean> {
  let opened: { life: WorkerLife; header: ResultHeader; collector: ChunkCollector | null } | null = null;
  let stated = '';
  const running = new RunningDigest();
  for await (const { header, chunk, digest } of stream) {
    if (header !== null && opened === null) {
      const life = coordinator.workers.bySession(header.sessionId);
      if (life === undefined) throw unknownSession();
      const expected = coordinator.expectedValues(life, header.leaseId);
      if (expected !== null && expected !== header.valueCount) {
        const message = `the result has ${header.valueCount} values, ${expected} are expected`;
        throw new Fault('data-loss', message, { field: 'value_count' });
      }
      // A late result is read to its end and dropped: cutting the stream would look like a fault.
      opened = {
        life,
        header,
        collector: expected === null ? null : new ChunkCollector('result', 4 * expected, running),
      };
    }
    if (chunk !== null) opened?.collector?.add(chunk);
    if (digest !== '') stated = digest;
  }
  if (opened === null) throw new Fault('data-loss', 'a result begins with its header');
  const { life, header, collector } = opened;
  if (collector === null) return false;
  const bytes = collector.finish();
  if (running.finish() !== stated) throw new Fault('data-loss', 'the values do not match their digest');
  const { leaseId, lossSum, groupCount, valueCount, computeMs } = header;
  if (!(computeMs >= 0)) {
    throw new Fault('data-loss', `a result cannot take ${computeMs} ms`, { field: 'compute_ms' });
  }
  const digest = `${stated} ${lossSum} ${groupCount}`;
  const values = slabFromBytes(bytes, valueCount);
  return coordinator.answer(life, leaseId, digest, computeMs, { lossSum, groupCount, values });
}

function unknownSession(): Fault {
  return new Fault('failed-precondition', 'the session is over; open a new one', { field: 'session_id' });
}

function openSession(coordinator: Coordinator, logger: Logger, stream: Session): void {
  let life: WorkerLife | undefined;
  const lose = (reason: string): void => {
    if (life !== undefined) coordinator.lose(life, reason);
    life = undefined;
  };
  const wire = {
    send: (message: OpenSessionResponse) => void stream.write(message),
    close: () => stream.end(),
  };
  stream.on('data', (message: OpenSessionRequest__Output) => {
    try {
      if (message.message === 'hello' && message.hello && life === undefined) {
        life = coordinator.workers.admit(message.hello, wire);
        const { heartbeatIntervalMs } = coordinator.limits;
        wire.send({ welcome: { workerId: life.id, sessionId: life.sessionId, heartbeatIntervalMs } });
        coordinator.join(life);
      } else if (life === undefined) {
        throw new Fault('failed-precondition', 'a session begins with hello');
      } else if (message.message === 'heartbeat') coordinator.heard(life);
      else if (message.message === 'failure' && message.failure) {
        coordinator.fail(life, message.failure.leaseId, message.failure.reason);
      } else if (message.message === 'leaving' && message.leaving)
        coordinator.drain(life, message.leaving.reason);
    } catch (error) {
      logger.warn({ reason: messageOf(error) }, 'session refused');
      wire.send({ goodbye: { reason: messageOf(error), mayReturn: false } });
      lose(messageOf(error));
      stream.end();
    }
  });
  stream.on('end', () => {
    lose('it left');
    stream.end();
  });
  stream.on('cancelled', () => lose('its connection was lost'));
  stream.on('close', () => lose('its connection was lost'));
  stream.on('error', (error) => lose(messageOf(error)));
}
