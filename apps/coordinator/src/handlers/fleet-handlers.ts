import { Fault, messageOf, type Logger } from '@ptychofleet/base';
import { workerId } from '@ptychofleet/run';
import type {
  BulkService,
  FleetServiceHandlers,
  OpenSessionRequest__Output,
  OpenSessionResponse,
  PushResultRequest__Output,
  ResultIntake,
  ServerDuplexStream,
} from '@ptychofleet/wire';
import type { Coordinator } from '../coordinator.ts';
import { describeWorker, type WorkerLife } from '../workers.ts';
import { respond } from './respond.ts';
import { streamBytes } from './stream-bytes.ts';

type Session = ServerDuplexStream<OpenSessionRequest__Output, OpenSessionResponse>;

export function fleetHandlers(
  coordinator: Coordinator,
  bulk: BulkService,
  logger: Logger,
): FleetServiceHandlers {
  return {
    OpenSession: (stream) => openSession(coordinator, logger, stream),
    PullBlob: (stream) => {
      const { digest, sessionId } = stream.request;
      const load = async (): Promise<Uint8Array> => {
        const { bytes, release } = await bulk.blob(sessionId, digest);
        stream.once('finish', release);
        return bytes;
      };
      void streamBytes(stream, load, (chunk) => ({ chunk }));
    },
    PushResult: (stream, callback) => {
      respond(logger, callback, async () => ({ accepted: await receiveResult(bulk, stream) }));
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
  bulk: BulkService,
  stream: AsyncIterable<PushResultRequest__Output>,
): Promise<boolean> {
  let intake: ResultIntake | null = null;
  let stated = '';
  for await (const { header, chunk, digest } of stream) {
    if (header !== null && intake === null) intake = bulk.openResult(header);
    if (chunk !== null) intake?.add(chunk.data);
    if (digest !== '') stated = digest;
  }
  if (intake === null) throw new Fault('data-loss', 'a result begins with its header');
  return intake.finish(stated);
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
