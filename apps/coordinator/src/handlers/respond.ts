import { messageOf, Fault, type Logger } from '@ptychofleet/base';
import { ChunkCollector, statusOf, type ServerReadableStream } from '@ptychofleet/wire';

type Callback<Response> = (error: ReturnType<typeof statusOf> | null, response?: Response) => void;

/** Runs a unary handler; whatever it throws becomes a status, and only a bug is logged with its stack. */
export function respond<Response>(
  logger: Logger,
  callback: Callback<Response>,
  work: () => Promise<Response>,
): void {
  Promise.resolve()
    .then(work)
    .then(
      (response) => callback(null, response),
      (error: unknown) => {
        logFailure(logger, error);
        callback(statusOf(error));
      },
    );
}

export function logFailure(logger: Logger, error: unknown): void {
  if (error instanceof Fault) logger.info({ reason: error.message }, 'request refused');
  else logger.error({ err: error, reason: messageOf(error) }, 'request failed');
}

/** Collects a client stream of chunks; `onMessage` sees every message before its chunk is taken. */
export async function collect<Message extends { chunk: { data: Uint8Array; totalBytes: number } | null }>(
  stream: ServerReadableStream<Message, unknown>,
  what: string,
  bytesMax: number,
  onMessage: (message: Message) => void = () => undefined,
): Promise<Uint8Array> {
  const collector = new ChunkCollector(what, bytesMax);
  for await (const message of stream as AsyncIterable<Message>) {
    onMessage(message);
    if (message.chunk !== null) collector.add(message.chunk);
  }
  return collector.finish();
}
