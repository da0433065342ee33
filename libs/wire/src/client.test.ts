import { digestOf } from '@ptychofleet/base';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chunksOf, CoordinatorClient, serve, type RunningServer, type ServiceHandlers } from './index.ts';

const content = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 251);

type Download = { readonly request: { readonly name: string }; write(message: object): boolean; end(): void };

let server: RunningServer;
let client: CoordinatorClient;
beforeAll(async () => {
  const none = {} as never;
  const runs = {
    DownloadArtifact: (stream: Download) => {
      const sent = content.slice();
      if (stream.request.name === 'damaged') sent[2_000_000]! ^= 1;
      for (const chunk of chunksOf(sent)) stream.write({ chunk });
      stream.end();
    },
  } as unknown as ServiceHandlers['runs'];
  server = await serve('127.0.0.1:0', { runs, data: none, models: none, fleet: none });
  client = new CoordinatorClient(server.address);
  return () => server.stop();
});
afterAll(() => client.close());

it('what a client fetches has the digest that the run tells, or is refused', async () => {
  const digest = digestOf(content);
  expect(Buffer.compare(await client.downloadArtifact('r', 'whole', digest), content)).toBe(0);
  expect(await client.downloadArtifact('r', 'damaged')).toHaveLength(content.length);
  await expect(client.downloadArtifact('r', 'damaged', digest)).rejects.toMatchObject({
    ...{
      kind: 'data-loss',
      message: expect.stringMatching(/^damaged of r is damaged: it arrived with another/),
    },
  });
});
