import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Fault, messageOf, type ErrorKind } from '@ptychofleet/base';
import type { ResultHeader__Output } from '../gen/ptychofleet/v1/ResultHeader.ts';
import { bearer, blobPath, decodeHeader, digestTrailer } from './http-names.ts';
import { takeAll } from './take-all.ts';
import { resultHeaderName, resultsPath, root } from './http-names.ts';

/** Takes the values of one result in. Throws a Fault where they are not what was announced. */
export interface ResultIntake {
  add(piece: Uint8Array): void;
  /** @param stated the digest as the worker took it; empty where it stated none. @returns whether the result counted */
  finish(stated: string): Promise<boolean>;
}

/** What the coordinator does with bulk data, whatever way it comes. */
export interface BulkService {
  blob(sessionId: string, digest: string): Promise<Uint8Array>;
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
export function bulkServer(service: BulkService): Server {
  const options = { keepAliveTimeout: idleMs, requestTimeout: 0, noDelay: true };
  return createServer(options, (request, response) => {
    request.setTimeout(stalledMs, () => request.destroy());
    answer(service, request, response).catch((error: unknown) => refuse(service, request, response, error));
  });
}

async function answer(
  service: BulkService,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method, url = '' } = request;
  if (method === 'GET' && url === root) return void response.writeHead(204).end();
  if (method === 'GET' && url.startsWith(blobPath(''))) {
    const bytes = await service.blob(sessionOf(request), url.slice(blobPath('').length));
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length });
    return void response.end(bytes);
  }
  if (method === 'PUT' && url === resultsPath) {
    const header = decodeHeader(request.headers[resultHeaderName]);
    if (header === null) throw new Fault('data-loss', 'a result begins with its header');
    const intake = service.openResult(header);
    // Where a piece is refused, the answer has to go out, and the rest is dropped.
    await takeAll(request, (piece) => intake.add(piece));
    // What was sent is in: storing it may take as long as it takes.
    request.setTimeout(0);
    const accepted = await intake.finish(request.trailers[digestTrailer] ?? '');
    return sendJson(response, 200, { accepted });
  }
  throw new Fault('not-found', `${method} ${root}: there is nothing of that name here`);
}

function sessionOf({ headers }: IncomingMessage): string {
  const stated = headers.authorization ?? '';
  return stated.startsWith(bearer('')) ? stated.slice(bearer('').length) : '';
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
