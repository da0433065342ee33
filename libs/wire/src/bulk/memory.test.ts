import { setMaxListeners } from 'node:events';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { bytesOf, hexOf, valuesDigestOf } from '@ptychofleet/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FleetLink } from '../index.ts';
import { bytesOfLength, resultOf, sameBytes, sharesMemory, startStore } from './bulk.test-support.ts';
import * as names from './http-names.ts';

const values = Float32Array.from({ length: 50_000 }, (_, i) => Math.sin(i));
const session = { id: 's', over: new AbortController().signal };
setMaxListeners(0, session.over);

let fleet: Awaited<ReturnType<typeof startStore>>;
let link: FleetLink;
let folder: string;
beforeEach(async () => {
  fleet = await startStore('both');
  link = new FleetLink(fleet.server.address);
  await link.connect(10_000);
  folder = join('/dev/shm', (await ask('GET', names.root)).headers[names.memoryHeader] as string);
});
afterEach(() => {
  link.close();
  fleet.server.stop();
});

async function ask(method: string, path: string, headers: Record<string, string> = {}, trailer = '') {
  const port = Number(fleet.server.address.split(':').at(-1));
  const request = httpRequest({ host: '127.0.0.1', port, method, path, headers });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).on('error', reject);
  });
  request.flushHeaders();
  if (trailer !== '') request.addTrailers({ [names.digestTrailer]: trailer });
  request.end();
  const message = await response;
  let text = '';
  for await (const piece of message as AsyncIterable<Buffer>) text += piece.toString();
  return { status: message.statusCode, headers: message.headers, text };
}

const blobs = () => readdirSync(folder).filter((file) => !file.includes('.'));

describe.skipIf(!sharesMemory)('bulk data in memory that both ends see', () => {
  it('is written once for all who ask, and old content goes', async () => {
    const contents = Array.from({ length: 5 }, (_, i) => bytesOfLength(100_000 + i));
    for (const bytes of contents) {
      const digest = fleet.store.add(bytes);
      const pulled = await Promise.all([link.pull(session, digest), link.pull(session, digest)]);
      for (const one of pulled) expect(sameBytes(one, bytes)).toBe(true);
    }
    await expect
      .poll(() => blobs().sort())
      .toEqual(
        contents
          .slice(-3)
          .map((bytes) => `blake3-${hexOf(valuesDigestOf(bytes))}`)
          .sort(),
      );
    // Those that made room come back when they are asked for.
    expect(sameBytes(await link.pull(session, valuesDigestOf(contents[0]!)), contents[0]!)).toBe(true);
  });

  it('lets results follow one another in the same files, and takes them away', async () => {
    for (let i = 0; i < 3; i++) {
      const results = [values, values.map((value) => value + i)];
      await Promise.all(results.map((one, lease) => link.push(session, resultOf(one, 1 + lease))));
      for (const [lease, one] of results.entries()) {
        const taken = fleet.store.taken.slice(-2).find(({ leaseId }) => leaseId === 1 + lease)!;
        expect(sameBytes(taken.bytes, one)).toBe(true);
      }
    }
    expect(readdirSync(folder).sort()).toEqual(['s.0', 's.1']);
    link.close();
    await expect.poll(() => readdirSync(folder)).toEqual([]);
  });

  it('takes no more than eight results at a time', async () => {
    const results = Array.from({ length: 12 }, (_, i) => resultOf(values, 1 + i));
    const accepted = await Promise.all(results.map((one) => link.push(session, one)));
    expect(accepted).toEqual(results.map(() => true));
    expect(readdirSync(folder)).toHaveLength(8);
    for (const { bytes } of fleet.store.taken) expect(sameBytes(bytes, values)).toBe(true);
  });

  it('goes for what a worker left that is no longer here', async () => {
    for (const file of ['s.1', 'another.1']) writeFileSync(join(folder, file), 'x');
    await link.pull(session, fleet.store.add(bytesOfLength(100_000)));
    await expect.poll(() => readdirSync(folder).filter((file) => file.includes('.'))).toEqual(['s.1']);
  });

  it('is sent where the memory is gone', async () => {
    rmSync(folder, { recursive: true });
    const bytes = bytesOfLength(100_000);
    expect(sameBytes(await link.pull(session, fleet.store.add(bytes)), bytes)).toBe(true);
    expect(await link.push(session, resultOf(values))).toBe(true);
    expect(fleet.store.failures).toEqual([]);
  });

  it('is sent where what was offered is gone', async () => {
    const bytes = bytesOfLength(100_000);
    const digest = fleet.store.add(bytes);
    await link.pull(session, digest);
    for (const file of blobs()) rmSync(join(folder, file));
    expect(sameBytes(await link.pull(session, digest), bytes)).toBe(true);
  });

  it('is compared with its digest', async () => {
    const digest = fleet.store.add(bytesOfLength(100_000));
    await link.pull(session, digest);
    for (const file of blobs()) writeFileSync(join(folder, file), bytesOfLength(100_001));
    await expect(link.pull(session, digest)).rejects.toThrow(/asked for blake3:.*, received blake3:/);
  });

  it('goes with its coordinator', () => {
    fleet.server.stop();
    expect(() => readdirSync(folder)).toThrow(/ENOENT/);
  });
});

describe.skipIf(!sharesMemory)('a result said to be in memory', () => {
  const bytes = bytesOf(values);
  const header = (sessionId = 's') =>
    names.encodeHeader({
      ...{ sessionId, leaseId: 7, lossSum: 1.5, groupCount: 3, computeMs: 1 },
      valueCount: values.length,
    });
  const put = (about: Record<string, string>, digest = valuesDigestOf(bytes) as string) => {
    const headers = { [names.memoryHeader]: '7', [names.resultHeaderName]: header(), ...about };
    return ask('PUT', names.resultsPath, { ...headers, trailer: names.digestTrailer }, digest);
  };

  it('counts when it is there', async () => {
    writeFileSync(join(folder, 's.7'), bytes);
    expect(await put({})).toMatchObject({ status: 200, text: '{"accepted":true}' });
    expect(sameBytes(fleet.store.taken[0]!.bytes, bytes)).toBe(true);
  });

  it('has to be sent when it is not there', async () => {
    expect(await put({})).toMatchObject({ status: 410, text: '' });
  });

  it('without a digest is refused', async () => {
    writeFileSync(join(folder, 's.7'), bytes);
    const { status, text } = await put({}, '');
    expect(status).toBe(422);
    expect(JSON.parse(text)).toMatchObject({ message: expect.stringMatching(/another digest/) });
    expect(fleet.store.taken).toEqual([]);
  });

  it.each([
    ['other bytes', bytesOfLength(bytes.length), {}, /another digest/],
    ['a byte too many', bytesOfLength(bytes.length + 1), {}, /200001 bytes, 200000 were announced/],
    ['a byte too few', bytes.subarray(1), {}, /199999 bytes, 200000 were announced/],
    ['a file of another form', bytes, { [names.memoryHeader]: '../7' }, /ended after 0 bytes/],
    ['another session', bytes, { [names.resultHeaderName]: header('../s') }, /session is over/],
  ])('with %s is refused', async (_, content, about, why) => {
    writeFileSync(join(folder, 's.7'), content);
    const { status, text } = await put(about as Record<string, string>);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(JSON.parse(text)).toMatchObject({ message: expect.stringMatching(why) });
    expect(fleet.store.taken).toEqual([]);
  });
});
