import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { bytesOf, errorKinds, Fault, isContentDigest, messageOf } from '@ptychofleet/base';
import { RunningDigest, valuesDigestOf } from '@ptychofleet/base';
import type { ContentDigest, ErrorKind, FaultDetails } from '@ptychofleet/base';
import { ChunkCollector, chunksOf, type CollectorOptions } from '../chunks.ts';
import * as names from './http-names.ts';
import { blobFile, resultFile, sharedBytesMin } from './shared-blobs.ts';
import { SharedFolder, type SharedFile } from './shared-folder.ts';
import { takeAll } from './take-all.ts';
import { blobBytesMax, type BulkPath, type NextContent, type Session, type TaskResult } from './path.ts';

const answerBytesMax = 64 << 10;

/** Where an answer may be a file. */
const inMemory = { [names.memoryHeader]: 'yes' };
/** Results under way at a time that are files. */
const filesMax = 8;

/**
 * The same transfers over HTTP/1.1: bytes as they are, whole socket buffers at a time; through files in memory where both ends see them,
 * and then only what is said about them travels.
 */
export class HttpPath implements BulkPath {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #target;
  readonly #mayShare: boolean;
  #folder: SharedFolder | null = null;
  readonly #files: SharedFile[] = [];
  /** Places of those that nobody reads. */
  readonly #free: number[] = [];

  /**
   * @param address as `parseAddress` gives it
   * @param mayShare whether memory may be used that is shared with the coordinator
   */
  constructor(address: string, mayShare: boolean) {
    this.#mayShare = mayShare;
    const colon = address.lastIndexOf(':');
    this.#target = address.startsWith('unix:')
      ? { socketPath: address.slice('unix:'.length) }
      : { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: address.slice(colon + 1) };
  }

  /** Null where the other end does not speak it: an older coordinator, or what passes gRPC alone on. */
  async connect(timeoutMs: number): Promise<'memory' | 'http' | null> {
    const request = this.#request('GET', names.root, AbortSignal.timeout(timeoutMs)).end();
    try {
      const response = await answerOf(request);
      response.resume();
      if (response.statusCode !== 204) return null;
      if (this.#mayShare) this.#folder = SharedFolder.find(response.headers[names.memoryHeader]);
      return this.#folder === null ? 'http' : 'memory';
    } catch {
      return null;
    }
  }

  async pull(session: Session, digest: ContentDigest, options: CollectorOptions): Promise<Uint8Array> {
    return this.#whileIn(session, `blob ${digest}`, async () => {
      const response = await this.#get(session, names.blobPath(digest), this.#anyWay());
      return this.#receive(session, digest, response, options);
    });
  }

  async next(session: Session, digest: ContentDigest): Promise<NextContent | null> {
    const what = `what comes after ${digest}`;
    const response = await this.#whileIn(session, what, () =>
      this.#get(session, names.nextPath(digest), this.#anyWay()),
    );
    const { statusCode = 0, headers } = response;
    // Nothing does, or the coordinator is older than the question.
    if (statusCode >= 400) {
      response.resume();
      return null;
    }
    const name = String(headers[names.digestHeader]);
    if (!isContentDigest(name)) throw new Fault('data-loss', `${what} has no name: ${name}`);
    return {
      digest: name,
      receive: (options) =>
        this.#whileIn(session, what, () => this.#receive(session, name, response, options)),
      drop: () => void (statusCode === 204 ? response.resume() : response.destroy()),
    };
  }

  #anyWay(): Record<string, string> {
    return this.#folder === null ? {} : inMemory;
  }

  /** The content of an answer, which may be a file in memory. */
  async #receive(
    session: Session,
    digest: ContentDigest,
    answer: IncomingMessage,
    options: CollectorOptions,
  ): Promise<Uint8Array> {
    const what = `blob ${digest}`;
    const collecting = (): ChunkCollector => new ChunkCollector(what, blobBytesMax, options);
    let response = answer;
    if (response.statusCode === 204 && this.#folder !== null) {
      response.resume();
      const bytes = contentOf(this.#folder, blobFile(digest), collecting());
      if (bytes !== null) return bytes;
      // It was there a moment ago and has made room for newer content.
      response = await this.#get(session, names.blobPath(digest), {});
    }
    if (response.statusCode !== 200) throw await faultIn(response, what);
    const collector = collecting();
    collector.announce(Number(response.headers['content-length']));
    await takeAll(response, (data) => collector.append(data));
    return collector.finish();
  }

  async #whileIn<T>({ over }: Session, doing: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      // A transfer that its session ends may look like one that was cut short.
      throw lost(over.aborted ? over.reason : error, doing);
    }
  }

  async push(session: Session, result: TaskResult): Promise<boolean> {
    const doing = 'delivering a result';
    try {
      const folder = result.values.byteLength < sharedBytesMin ? null : this.#folder;
      const accepted = folder && (await this.#pushFile(session, result, folder));
      return accepted ?? (await this.#pushBytes(session, result));
    } catch (error) {
      throw lost(error, doing);
    }
  }

  close(): void {
    this.#agent.destroy();
    this.#folder?.close();
  }

  #get({ id, over }: Session, path: string, headers: Record<string, string>) {
    const all = { authorization: names.bearer(id), ...headers };
    return answerOf(this.#request('GET', path, over, all).end());
  }

  /** Null where the values have to be sent: there is no room for the file, or the coordinator does not find it. */
  async #pushFile(session: Session, result: TaskResult, folder: SharedFolder): Promise<boolean | null> {
    session.over.throwIfAborted();
    const place =
      this.#free.pop() ?? (this.#files.length < filesMax ? this.#files.push(folder.file()) - 1 : -1);
    const file = this.#files[place];
    if (file === undefined) return null;
    try {
      const bytes = bytesOf(result.values);
      if (!file.write(resultFile(session.id, place), bytes)) return null;
      const headers = { [names.memoryHeader]: String(place), trailer: names.digestTrailer };
      const request = this.#put(session, result, headers);
      const answered = answerOf(request);
      answered.catch(() => undefined);
      request.flushHeaders();
      // The coordinator reads while the digest is taken here.
      await setImmediate();
      request.addTrailers({ [names.digestTrailer]: valuesDigestOf(bytes) });
      request.end();
      const response = await answered;
      if (response.statusCode !== names.goneStatus) return await acceptedIn(response);
      response.resume();
      return null;
    } finally {
      this.#free.push(place);
    }
  }

  async #pushBytes(session: Session, result: TaskResult): Promise<boolean> {
    const request = this.#put(session, result, { trailer: names.digestTrailer });
    const running = new RunningDigest('blake3');
    const pieces = function* (): Generator<Buffer> {
      for (const { data } of chunksOf(bytesOf(result.values))) {
        running.update(data);
        if (data.length > 0) yield data;
      }
      request.addTrailers({ [names.digestTrailer]: running.finish() });
    };
    const answered = answerOf(request);
    // A refusal may come before all is sent; what went wrong with the sending is told by the answer's absence.
    void pipeline(Readable.from(pieces()), request).catch(() => undefined);
    return acceptedIn(await answered);
  }

  #put({ id, over }: Session, { values, ...about }: TaskResult, headers: Record<string, string>) {
    const header = names.encodeHeader({ ...about, sessionId: id, valueCount: values.length });
    return this.#request('PUT', names.resultsPath, over, { [names.resultHeaderName]: header, ...headers });
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

/** Null where there is no such file. */
function contentOf(folder: SharedFolder, name: string, collector: ChunkCollector): Uint8Array | null {
  const room = (bytes: number): Uint8Array => collector.announce(bytes);
  return folder.read(name, room, (bytes) => collector.filled(bytes)) ? collector.finish() : null;
}

async function acceptedIn(response: IncomingMessage): Promise<boolean> {
  if (response.statusCode !== 200) throw await faultIn(response, 'delivering a result');
  return (await jsonIn(response)).accepted === true;
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
