import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { digestOf } from '@ptychofleet/base';
import { CoordinatorClient, toStruct, type BulkWay, type JsonObject } from '@ptychofleet/wire';
import { beforeAll, describe, expect, it } from 'vitest';
import { outcomeOf, succeeded } from './client.test-support.ts';
import { Bench } from './processes.test-support.ts';
import { inferArguments, scanSeed, simulateScan, trainArguments, workersWhen } from './runs.test-support.ts';

const bench = new Bench();
// Two steps, and the second batch is short: with V = 32 most of its shards are empty.
const patternCount = 36;
const batchSize = 32;
let scan = '';
/**
 * One worker on a unix socket; three on TCP, to which weights and gradients travel in three ways. Whatever is compared here was
 * computed by both fleets.
 */
const fleets: { address: string; client: CoordinatorClient }[] = [];

/** @param others how their weights and gradients travel at best; the first worker takes the fastest way there is */
async function up(listen: string, others: readonly BulkWay[]): Promise<void> {
  const folder = bench.path(`up-${others.length}`);
  const fleet = bench.start(['up', '--listen', listen, '--workers', '1', '--state-dir', folder]);
  const [, address = ''] = await fleet.said(/at (unix:\S+|127\.0\.0\.1:\d+),/);
  await workersWhen(address, ({ length }) => length === 1);
  for (const bulk of others) bench.start(['worker', '--coordinator', address, '--bulk', bulk]);
  await workersWhen(address, ({ length }) => length === 1 + others.length);
  fleets.push({ address, client: new CoordinatorClient(address) });
}

beforeAll(async () => {
  scan = await simulateScan(bench, patternCount);
  console.info(`same bits: scan of ${patternCount} patterns, seed ${scanSeed}`);
  // One after the other: a worker that starts needs a core for itself.
  await up(`unix:${bench.path('fleet.sock')}`, []);
  await up('127.0.0.1:0', ['http', 'grpc']);
  return () => fleets.forEach(({ client }) => client.close());
});

describe.each([
  { gridsize: 1, V: 8, others: [1, 2, 4, 16, 32] },
  { gridsize: 2, V: 4, others: [] },
])('gridsize $gridsize', ({ gridsize, V, others }) => {
  const model = bench.path(`model-${gridsize}`);
  const seen = new Set<string | undefined>();
  let spec: { readonly training: JsonObject };

  /** Trains on both fleets, side by side, for they do not know of each other; resolves with the digest of the bundle. */
  async function trainThere(virtualShards: number): Promise<string | undefined> {
    const bytes = readFileSync(scan);
    const training = { ...spec.training, virtualShards };
    const outcomes = fleets.map(async ({ client }) => {
      const { digest: datasetDigest } = await client.uploadDataset('scan.npz', bytes);
      const inputs = { datasetDigest, validationDigest: '', modelDigest: '' };
      const run = await client.createRun({
        requestId: randomUUID(),
        spec: toStruct({ ...spec, training }),
        ...inputs,
      });
      return outcomeOf(client, await succeeded(client, run.runId));
    });
    const [one, three] = await Promise.all(outcomes);
    expect(three).toEqual(one);
    return one?.bundle;
  }

  it(`V = ${V}: two workers of its own train to the same bundle as one on a unix socket and three on TCP`, async () => {
    const sizes = { '--n_images': patternCount, '--batch_size': batchSize, '--max_epochs': 1 };
    const flags = { ...sizes, '--gridsize': gridsize, '--virtual-shards': V, '--workers': 2 };
    await bench.succeed(...trainArguments(scan, model, flags));
    ({ spec } = JSON.parse(readFileSync(`${model}/run.json`, 'utf8')) as { spec: typeof spec });
    const bundle = await trainThere(V);
    expect(bundle).toBe(digestOf(readFileSync(`${model}/wts.h5.zip`)));
    seen.add(bundle);
  });

  // Other micro-batches, other trees of sums, other bits: what must agree is one worker with three.
  it.each(others)(
    'V = %i: one worker on a unix socket and three on TCP train to the same bundle and ledger',
    async (virtualShards) => {
      const bundle = await trainThere(virtualShards);
      expect(seen.has(bundle)).toBe(false);
      seen.add(bundle);
    },
  );

  it('one worker and three reconstruct the same bytes', async () => {
    const [one, three] = await Promise.all(
      fleets.map(async ({ address }, i) => {
        const folder = bench.path(`rec-${gridsize}-${i}`);
        await bench.succeed(...inferArguments(model, scan, folder, '--coordinator', address));
        return readFileSync(`${folder}/reconstruction.npz`);
      }),
    );
    expect(one?.equals(three!)).toBe(true);
  });
});
