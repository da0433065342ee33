import { chunksOf, statusOf, type ServerWritableStream } from '@ptychofleet/wire';

/** Answers a server-streaming call with bytes in chunks, no faster than the client takes them. */
export async function streamBytes<Response>(
  stream: ServerWritableStream<unknown, Response>,
  load: () => Promise<Uint8Array>,
  wrap: (chunk: { data: Buffer; totalBytes: number }) => Response,
): Promise<void> {
  try {
    for (const chunk of chunksOf(await load())) {
      if (stream.cancelled) return;
      if (stream.write(wrap(chunk))) continue;
      await new Promise<void>((resolve) => {
        stream.once('drain', resolve);
        stream.once('close', resolve);
        stream.once('cancelled', resolve);
      });
    }
    stream.end();
  } catch (error) {
    stream.emit('error', statusOf(error));
  }
}
