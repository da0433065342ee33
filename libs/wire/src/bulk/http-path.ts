import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { bytesOf, errorKinds, Fault, messageOf, RunningDigest } from '@ptychofleet/base';
import type { ContentDigest, ErrorKind, FaultDetails } from '@ptychofleet/base';
import { ChunkCollector, chunksOf, type CollectorOptions } from '../chunks.ts';
import * as names from './http-names.ts';
import { takeAll } from './take-all.ts';
import { blobBytesMax, type BulkPath, type Session, type TaskResult } from './path.ts';

const answerBytesMax = 64 << 10;

/** The same transfers over HTTP/1.1: bytes as they are, whole socket buffers at a time. */
export class HttpPath implements BulkPath {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #target;

  /** @param address as `parseAddress` gives it */
  constructor(address: string) {
    const colon = address.lastIndexOf(':');
    this.#target = address.startsWith('unix:')
      ? { socketPath: address.slice('unix:'.length) }
      : { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: address.slice(colon + 1) };
  }

  /** Whether the other end speaks it: an older coordinator does not, and what passes gRPC alone on does not let it through. */
  async isThere(timeoutMs: number): Promise<boolean> {
    const request = this.#request('GET', names.root, AbortSignal.timeout(timeoutMs)).end();
    try {
      const response = await answerOf(request);
      response.resume();
      return response.statusCode === 204;
    } catch {
      return false;
    }
  }

  async pull({ id, over }: Session, digest: ContentDigest, options: CollectorOptions): Promise<Uint8Array> {
    const what = `blob ${digest}`;
    try {
      const headers = { authorization: names.bearer(id) };
      const response = await answerOf(this.#request('GET', names.blobPath(digest), over, headers).end());
      if (response.statusCode !== 200) throw await faultIn(response, what);
      const collector = new ChunkCollector(what, blobBytesMax, options);
      collector.announce(Number(response.headers['content-length']));
      await takeAll(response, (data) => collector.append(data));
      return collector.finish();
    } catch (error) {
      // A transfer that its session ends may look like one that was cut short.
      throw lost(over.aborted ? over.reason : error, what);
    }
  }

  async push({ id, over }: Session, { values, ...about }: TaskResult): Promise<boolean> {
    const doing = 'delivering a result';
    const header = names.encodeHeader({ ...about, sessionId: id, valueCount: values.length });
    const headers = { [names.resultHeaderName]: header, trailer: names.digestTrailer };
    const request = this.#request('PUT', names.resultsPath, over, headers);
    const running = new RunningDigest('blake3');
    const pieces = function* (): Generator<Buffer> {
      for (const { data } of chunksOf(bytesOf(values))) {
        running.update(data);
        if (data.length > 0) yield data;
      }
      request.addTrailers({ [names.digestTrailer]: running.finish() });
    };
    try {
      const answered = answerOf(request);
      // A refusal may come before all is sent; what went wrong with the sending is told by the answer's absence.
      void pipeline(Readable.from(pieces()), request).catch(() => undefined);
      const response = await answered;
      if (response.statusCode !== 200) throw await faultIn(response, doing);
      return (await jsonIn(response)).accepted === true;
    } catch (error) {
      throw lost(error, doing);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #request(
    method: string,
    path: string,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): ClientRequest {
    return httpRequest({ ...this.#target, agent: this.#agent, method, path, headers, signal });
  }
}

function answerOf(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    // Stays: an error after the answer must not be one that nobody listens to.
    request.on('error', reject);
  });
}

async function jsonIn(response: IncomingMessage): Promise<Record<string, unknown>> {
  const collected: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > answerBytesMax)
      throw new Fault('data-loss', `an answer of more than ${answerBytesMax} bytes`);
    collected.push(piece);
  }
  try {
    return Object(JSON.parse(Buffer.concat(collected).toString())) as Record<string, unknown>;
  } catch {
    throw new Fault('data-loss', 'the coordinator answered something that is not JSON');
  }
}

/** The fault that a refusal carries. */
async function faultIn(response: IncomingMessage, doing: string): Promise<Fault> {
  const { kind, message, details } = await jsonIn(response);
  const known =
    typeof kind === 'string' && Object.hasOwn(errorKinds, kind) ? (kind as ErrorKind) : 'run-failed';
  const text = typeof message === 'string' ? message : `${doing}: HTTP status ${response.statusCode}`;
  return new Fault(known, text, Object(details) as FaultDetails);
}

function lost(error: unknown, doing: string): Fault {
  if (error instanceof Fault) return error;
  const message = `the connection to the coordinator is lost (${doing}: ${messageOf(error)})`;
  return new Fault('unavailable', message, {}, { cause: error });
}
