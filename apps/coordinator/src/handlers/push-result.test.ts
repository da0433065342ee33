import { bytesOf, silentLogger, valuesDigestOf } from '@ptychofleet/base';
import { MemoryBlobStore } from '@ptychofleet/store';
import { chunksOf, type PushResultRequest__Output } from '@ptychofleet/wire';
import { describe, expect, it } from 'vitest';
import type { Coordinator } from '../coordinator.ts';
import { bulkService } from './bulk-service.ts';
import { fleetHandlers } from './fleet-handlers.ts';

const values = Float32Array.from({ length: 600_000 }, (_, i) => Math.sin(i));
const digest = valuesDigestOf(bytesOf(values));

/** The messages of a result: its header with the first piece, the other pieces, the digest. */
function messages(stated: string, changedByte: number | null, computeMs = 1): PushResultRequest__Output[] {
  const header = {
    sessionId: 's',
    leaseId: 7,
    lossSum: 1.5,
    groupCount: 3,
    valueCount: values.length,
    computeMs,
  };
  const bytes = bytesOf(values).slice();
  if (changedByte !== null) bytes[changedByte]! ^= 1;
  const parts = [...chunksOf(bytes)].map((chunk, i) => ({
    header: i === 0 ? header : null,
    chunk,
    digest: '',
  }));
  return [...parts, { header: null, chunk: null, digest: stated }];
}

/** What the handler answers, and what reached the coordinator. */
async function push(sent: PushResultRequest__Output[]) {
  const answers: { digest: string; values: Float32Array }[] = [];
  const coordinator = {
    workers: { bySession: (session: string) => (session === 's' ? {} : undefined) },
    expectAnswer: () => ({ valueCount: values.length, memory: () => new Float32Array(values.length) }),
    answer(...[, , { digest, values }]: Parameters<Coordinator['answer']>) {
      answers.push({ digest, values });
      return true;
    },
  } as unknown as Coordinator;
  const bulk = bulkService(coordinator, new MemoryBlobStore(), silentLogger);
  const handler = fleetHandlers(coordinator, bulk, silentLogger).PushResult as unknown as (
    stream: AsyncIterable<PushResultRequest__Output>,
    callback: (error: { details: string } | null, response?: { accepted: boolean }) => void,
  ) => void;
  const stream = (async function* () {
    await Promise.resolve();
    yield* sent;
  })();
  const outcome = await new Promise<string>((resolve) => {
    handler(stream, (error, response) => resolve(error?.details ?? `accepted: ${response?.accepted}`));
  });
  return { outcome, answers };
}

describe('a pushed result', () => {
  it('counts with its values and its digest', async () => {
    const { outcome, answers } = await push(messages(digest, null));
    expect(outcome).toBe('accepted: true');
    expect(answers).toHaveLength(1);
    expect(valuesDigestOf(bytesOf(answers[0]!.values))).toBe(digest);
    expect(answers[0]!.digest.startsWith(digest)).toBe(true);
  });

  it.each([
    ['a changed first piece', messages(digest, 3)],
    ['a changed last piece', messages(digest, 4 * values.length - 1)],
    ['no digest', messages(digest, null).slice(0, -1)],
    ["another result's digest", messages(valuesDigestOf(Uint8Array.of(1)), null)],
  ])('with %s is refused', async (_, sent) => {
    const { outcome, answers } = await push(sent);
    expect(outcome).toMatch(/do not match their digest/);
    expect(answers).toEqual([]);
  });

  it.each([-1, NaN])('that took %s ms is refused', async (computeMs) => {
    const { outcome, answers } = await push(messages(digest, null, computeMs));
    expect(outcome).toMatch(/cannot take/);
    expect(answers).toEqual([]);
  });

  it('that ends early is refused', async () => {
    const { outcome, answers } = await push(messages(digest, null).toSpliced(1, 1));
    expect(outcome).toMatch(/ended after/);
    expect(answers).toEqual([]);
  });
});
