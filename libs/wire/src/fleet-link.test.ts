import { digestOf, digestOfText } from '@ptychofleet/base';
import { expect, it } from 'vitest';
import { chunksOf, FleetLink, serve, type PushResultRequest__Output, type ServiceHandlers } from './index.ts';

/** More than the buffers of a connection hold, in both directions. */
const blob = Uint8Array.from({ length: 24 << 20 }, (_, i) => (i * 31) % 251);
const rounds = 6;

/** A coordinator that gives one blob away and takes results in; nothing else is asked of it here. */
async function startServer() {
  const taken: number[] = [];
  const fleet = {
    PullBlob: (stream: NodeJS.EventEmitter & { write(message: object): boolean; end(): void }) => {
      const pieces = chunksOf(blob);
      const send = (): void => {
        for (let next = pieces.next(); ; next = pieces.next()) {
          if (next.done === true) return stream.end();
          if (!stream.write({ chunk: next.value })) return void stream.once('drain', send);
        }
      };
      send();
    },
    PushResult: (
      stream: AsyncIterable<PushResultRequest__Output>,
      callback: (error: null, response: { accepted: boolean }) => void,
    ) => {
      void (async () => {
        let bytes = 0;
        for await (const { chunk } of stream) bytes += chunk?.data.length ?? 0;
        taken.push(bytes);
        callback(null, { accepted: true });
      })();
    },
  } as unknown as ServiceHandlers['fleet'];
  const none = {} as never;
  const server = await serve('127.0.0.1:0', { runs: none, data: none, models: none, fleet });
  return { server, taken };
}

it('large contents in both directions at once do not wait for each other', async () => {
  const { server, taken } = await startServer();
  const link = new FleetLink(server.address);
  try {
    await link.connect(10_000);
    const values = new Float32Array(blob.length / 4);
    const result = { leaseId: 1, lossSum: 0, groupCount: 1, values, computeMs: 1 };
    const digest = digestOf(blob);
    for (let round = 0; round < rounds; round++) {
      const both = await Promise.all([
        link.pull('s', digest),
        link.push('s', result),
        link.pull('s', digest),
      ]);
      expect(both[0].length + both[2].length).toBe(2 * blob.length);
    }
    expect(taken).toEqual(Array.from({ length: rounds }, () => blob.length));
    await expect(link.pull('s', digestOfText('another'))).rejects.toThrow(
      /asked for sha256:.*, received sha256:/,
    );
  } finally {
    link.close();
    server.stop();
  }
}, 60_000);
