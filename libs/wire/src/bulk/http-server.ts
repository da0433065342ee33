import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Fault, messageOf, type ContentDigest, type ErrorKind } from '@ptychofleet/base';
import type { ResultHeader__Output } from '../gen/ptychofleet/v1/ResultHeader.ts';
import * as names from './http-names.ts';
import type { LentBytes, NamedBytes } from './lent-bytes.ts';
import { resultFile, SharedBlobs } from './shared-blobs.ts';
import { SharedFolder } from './shared-folder.ts';
import { takeAll } from './take-all.ts';

/** Takes the values of one result in. Throws a Fault where they are not what was announced. */
export interface ResultIntake {
  add(piece: Uint8Array): void;
  /** Memory for all values, for who puts them there himself and says so to `filled`; null where nobody needs them. */
  room(): Uint8Array | null;
  filled(bytes: number): void;
  /** @param stated the digest as the worker took it; empty where it stated none. @returns whether the result counted */
  finish(stated: string): Promise<boolean>;
}

/** What the coordinator does with bulk data, whatever way it comes. */
export interface BulkService {
  isOpen(sessionId: string): boolean;
  blob(sessionId: string, digest: string): Promise<LentBytes>;
  /**
   * What replaces that content, as soon as it does; null where nothing will.
   * @param gone fires when nobody waits any more
   */
  next(sessionId: string, digest: string, gone: AbortSignal): Promise<NamedBytes | null>;
  openResult(header: ResultHeader__Output): ResultIntake;
  /** Told of what was refused or failed. */
  failed(error: unknown): void;
}

const idleMs = 600_000;
/** A transfer in which nothing moves for so long is given up. */
const stalledMs = 60_000;
/** How long the rest of a refused result is read and dropped: cutting the connection would hide the answer. */
const dropMs = 30_000;

const statusOfKind: Record<ErrorKind, number> = {
  ...{ 'invalid-input': 400, 'not-found': 404, 'failed-precondition': 412, 'data-loss': 422 },
  ...{ exhausted: 413, unsupported: 501, unavailable: 503, 'run-failed': 500, interrupted: 500 },
};

/** The HTTP/1.1 side of a coordinator's address; connections are handed to it. */
export function bulkServer(service: BulkService): { readonly http: Server; close(): void } {
  const options = { keepAliveTimeout: idleMs, requestTimeout: 0, noDelay: true };
  const folder = SharedFolder.create();
  const shared = folder && { folder, blobs: new SharedBlobs(folder, (id) => service.isOpen(id)) };
  const http = createServer(options, (request, response) => {
    request.setTimeout(stalledMs, () => request.destroy());
    answer({ service, shared, request, response }).catch((error: unknown) =>
      refuse(service, request, response, error),
    );
  });
  return { http, close: () => folder?.close() };
}

interface Exchange {
  readonly service: BulkService;
  readonly shared: { readonly folder: SharedFolder; readonly blobs: SharedBlobs } | null;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function answer(exchange: Exchange): Promise<void> {
  const { shared, request, response } = exchange;
  const { method, url = '' } = request;
  if (method === 'GET' && url === names.root) {
    const headers = shared === null ? {} : { [names.memoryHeader]: shared.folder.name };
    return void response.writeHead(204, headers).end();
  }
  const asked = method === 'GET' ? names.blobIn(url) : null;
  if (asked !== null) return (asked.next ? sendNext : sendBlob)(exchange, asked.digest);
  if (method === 'PUT' && url === names.resultsPath) return takeResult(exchange);
  throw new Fault('not-found', `${method} ${names.root}: there is nothing of that name here`);
}

async function sendBlob(exchange: Exchange, digest: string): Promise<void> {
  const lent = await exchange.service.blob(sessionOf(exchange.request), digest);
  // The service has looked at it.
  await send(exchange, { ...lent, digest: digest as ContentDigest }, {});
}

async function sendNext(exchange: Exchange, digest: string): Promise<void> {
  const { service, request, response } = exchange;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  // As long as a step takes; a connection that is lost ends it.
  request.setTimeout(0);
  const next = await service.next(sessionOf(request), digest, gone.signal);
  if (next === null) return void response.writeHead(names.goneStatus).end();
  request.setTimeout(stalledMs);
  await send(exchange, next, { [names.digestHeader]: next.digest });
}

async function send(exchange: Exchange, content: NamedBytes, headers: Record<string, string>): Promise<void> {
  const { shared, request, response } = exchange;
  const { digest, bytes, release } = content;
  try {
    const inMemory = names.memoryHeader in request.headers && shared !== null;
    if (inMemory && shared.blobs.offer(digest, bytes)) return void response.writeHead(204, headers).end();
    const about = { 'content-type': 'application/octet-stream', 'content-length': bytes.length };
    response.writeHead(200, { ...headers, ...about });
    response.end(bytes);
    // All of it, or who asked is gone.
    await finished(response).catch(() => undefined);
  } finally {
    release();
  }
}

async function takeResult({ service, shared, request, response }: Exchange): Promise<void> {
  const header = names.decodeHeader(request.headers[names.resultHeaderName]);
  if (header === null) throw new Fault('data-loss', 'a result begins with its header');
  const intake = service.openResult(header);
  // Whoever else has finished is heard first: reading one result after the other takes its time.
  await nextTurn();
  const place = names.placeOf(request.headers[names.memoryHeader]);
  if (place !== null && !takeFile(intake, shared?.folder ?? null, resultFile(header.sessionId, place)))
    return void response.writeHead(names.goneStatus).end();
  // Where they were in memory, nothing follows but their digest.
  await takeAll(request, (piece) => intake.add(piece));
  // What was sent is in: storing it may take as long as it takes.
  request.setTimeout(0);
  const accepted = await intake.finish(request.trailers[names.digestTrailer] ?? '');
  sendJson(response, 200, { accepted });
}

/**
 * @param name made of a session that is in force, or there were no intake
 * @returns false where there is no such file
 */
function takeFile(intake: ResultIntake, folder: SharedFolder | null, name: string): boolean {
  const room = intake.room();
  if (room === null || folder === null) return room === null;
  const fitting = (bytes: number): Uint8Array => {
    if (bytes === room.length) return room;
    throw new Fault('data-loss', `the result has ${bytes} bytes, ${room.length} were announced`);
  };
  return folder.read(name, fitting, (bytes) => intake.filled(bytes));
}

function sessionOf({ headers }: IncomingMessage): string {
  const stated = headers.authorization ?? '';
  const { length } = names.bearer('');
  return stated.startsWith(names.bearer('')) ? stated.slice(length) : '';
}

function refuse(
  service: BulkService,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  // The worker is gone, and nobody waits for an answer.
  if (request.destroyed && !request.complete) return;
  service.failed(error);
  const fault =
    error instanceof Fault ? error : new Fault('run-failed', `internal error: ${messageOf(error)}`);
  if (response.headersSent) return void response.destroy();
  const { kind, message, details } = fault;
  sendJson(response, statusOfKind[kind], { kind, message, details });
  if (request.complete) return;
  const patience = setTimeout(() => request.destroy(), dropMs);
  request.once('close', () => clearTimeout(patience));
}

function sendJson(response: ServerResponse, status: number, content: object): void {
  const body = JSON.stringify(content);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
