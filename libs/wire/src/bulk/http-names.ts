import { services } from '../protocol.ts';
import type { ResultHeader } from '../gen/ptychofleet/v1/ResultHeader.ts';
import type { ResultHeader__Output } from '../gen/ptychofleet/v1/ResultHeader.ts';

/** What both ends of the HTTP path call things (docs/adr/0018). */
export const root = '/bulk/v1';
export const blobPath = (digest: string): string => `${root}/blobs/${digest}`;
/** What comes after that content: the answer comes when it is there, and tells its name. */
export const nextPath = (digest: string): string => `${blobPath(digest)}/next`;
export const resultsPath = `${root}/results`;
/** Request header: what the result is, as PushResult's first message in base64. */
export const resultHeaderName = 'ptychofleet-result';
/** Trailer: the digest of the values, taken while they were sent. */
export const digestTrailer = 'ptychofleet-digest';
/** Header of an answer: the name of what comes next. */
export const digestHeader = digestTrailer;
/**
 * Header for what lies in memory that both ends see: of the greeting, the folder's name; of a request, that a file will do; of a
 * result, which of the worker's files it is.
 */
export const memoryHeader = 'ptychofleet-memory';
/** What a result was announced as is not in memory: it has to be sent. Of what comes next: nothing does. */
export const goneStatus = 410;

/** Which of its files a worker has put its result into; null where none is named. */
export function placeOf(text: unknown): number | null {
  return typeof text === 'string' && /^\d$/.test(text) ? Number(text) : null;
}

/** The digest in a path for a blob or what comes next; null where it is neither. */
export function blobIn(path: string): { readonly digest: string; readonly next: boolean } | null {
  if (!path.startsWith(blobPath(''))) return null;
  const [digest = '', next, ...more] = path.slice(blobPath('').length).split('/');
  return more.length > 0 || (next !== undefined && next !== 'next')
    ? null
    : { digest, next: next === 'next' };
}

export const bearer = (sessionId: string): string => `Bearer ${sessionId}`;

const { requestSerialize, requestDeserialize } = services.FleetService.service.PushResult;

/** All numbers arrive as they were, NaN too, which JSON has no word for. */
export function encodeHeader(header: ResultHeader): string {
  return requestSerialize({ header }).toString('base64');
}

/** Null where it is none. */
export function decodeHeader(text: unknown): ResultHeader__Output | null {
  if (typeof text !== 'string') return null;
  try {
    return requestDeserialize(Buffer.from(text, 'base64')).header;
  } catch {
    return null;
  }
}
