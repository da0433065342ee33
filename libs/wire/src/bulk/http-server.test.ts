import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { bytesOf, valuesDigestOf } from '@ptychofleet/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesOfLength, startStore } from './bulk.test-support.ts';
import * as names from './http-names.ts';

const values = Float32Array.from({ length: 50_000 }, (_, i) => Math.sin(i));
const header = names.encodeHeader({
  ...{ sessionId: 's', leaseId: 7, lossSum: 1.5, groupCount: 3, computeMs: 1 },
  valueCount: values.length,
});

let fleet: Awaited<ReturnType<typeof startStore>>;
let port: number;
beforeEach(async () => {
  fleet = await startStore('both');
  port = Number(fleet.server.address.split(':').at(-1));
});
afterEach(() => fleet.server.stop());

/** Any request at all, as somebody might send it who has not read our client. */
async function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body: Uint8Array = new Uint8Array(),
  trailer?: string,
): Promise<{ status: number | undefined; text: string }> {
  const about = trailer === undefined ? headers : { ...headers, trailer: names.digestTrailer };
  const request = httpRequest({ host: '127.0.0.1', port, method, path, headers: about });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).on('error', reject);
  });
  if (body.length > 0) request.write(body);
  if (trailer !== undefined) request.addTrailers({ [names.digestTrailer]: trailer });
  request.end();
  const answer = await response;
  let text = '';
  for await (const piece of answer as AsyncIterable<Buffer>) text += piece.toString();
  return { status: answer.statusCode, text };
}

describe('a result over HTTP', () => {
  const bytes = bytesOf(values);
  const good = valuesDigestOf(bytes);
  const send = (about: Record<string, string>, body: Uint8Array, trailer?: string) =>
    ask('PUT', names.resultsPath, about, body, trailer);

  it('counts with its header, its values and its digest', async () => {
    const answer = await send({ [names.resultHeaderName]: header }, bytes, good);
    expect(answer).toEqual({ status: 200, text: '{"accepted":true}' });
    expect(fleet.store.taken).toHaveLength(1);
  });

  it.each([
    ['no header', {}, bytes, good, /begins with its header/],
    ['a header that is none', { [names.resultHeaderName]: '~~~' }, bytes, good, /begins with its header/],
    ['half a header', { [names.resultHeaderName]: header.slice(0, 9) }, bytes, good, /begins with its head/],
    ['no digest', { [names.resultHeaderName]: header }, bytes, undefined, /another digest/],
    ['a digest that is none', { [names.resultHeaderName]: header }, bytes, 'blake3:AA', /another digest/],
    ['a byte too many', { [names.resultHeaderName]: header }, bytesOfLength(200_001), good, /longer than/],
    ['other bytes', { [names.resultHeaderName]: header }, bytesOfLength(200_000), good, /another digest/],
  ])('with %s is refused', async (_, about, body, trailer, why) => {
    const { status, text } = await send(about as Record<string, string>, body, trailer);
    expect(status).toBe(422);
    expect(JSON.parse(text)).toMatchObject({ kind: 'data-loss', message: expect.stringMatching(why) });
    expect(fleet.store.taken).toEqual([]);
    expect(fleet.store.failures).toHaveLength(1);
  });

  it('that is cut off counts for nothing, and others go on', async () => {
    const socket = connect(port, '127.0.0.1');
    const head = `PUT ${names.resultsPath} HTTP/1.1\r\nhost: x\r\n${names.resultHeaderName}: ${header}\r\n`;
    socket.write(`${head}transfer-encoding: chunked\r\n\r\n10\r\n0123456789abcdef\r\n`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.resetAndDestroy();
    const answer = await send({ [names.resultHeaderName]: header }, bytes, good);
    expect(answer.status).toBe(200);
    expect(fleet.store.taken).toHaveLength(1);
    expect(fleet.store.failures).toEqual([]);
  });
});

describe('other requests', () => {
  it.each([
    ['GET', '/'],
    ['POST', names.resultsPath],
    ['DELETE', names.blobPath('x')],
    ['GET', names.blobPath('x/next/next')],
    ['GET', names.blobPath('x/before')],
    ['GET', `${names.root}/../../../etc/passwd`],
  ])('%s %s: not found', async (method, path) => {
    const { status, text } = await ask(method, path);
    expect(status).toBe(404);
    expect(text).not.toMatch(/passwd/);
  });

  it('a header that is too long is not read to its end', async () => {
    const { status } = await ask('GET', names.root, { 'x-long': 'x'.repeat(200_000) });
    expect(status).toBe(431);
  });

  it.each([
    ['one byte at a time', 1],
    ['at once', 1000],
  ])('the first words may come %s', async (_, size) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const answered = new Promise<string>((resolve) => {
      socket.once('data', (bytes: Buffer) => resolve(bytes.toString()));
    });
    const words = `GET ${names.root} HTTP/1.1\r\nhost: x\r\n\r\n`;
    for (let at = 0; at < words.length; at += size) {
      socket.write(words.slice(at, at + size));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await answered).toMatch(/^HTTP\/1\.1 204 /);
    socket.destroy();
  });

  it('what is neither HTTP/1.1 nor HTTP/2 is sent away', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write('\0\0\0\0');
    let text = '';
    for await (const piece of socket as AsyncIterable<Buffer>) text += piece.toString();
    expect(text).toMatch(/^(HTTP\/1\.1 400|$)/);
  });
});
