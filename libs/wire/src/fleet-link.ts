import { credentials, type ClientDuplexStream, type ClientReadableStream } from '@grpc/grpc-js';
import { bytesOf, Fault, isDigest, RunningDigest, type Digest } from '@ptychofleet/base';
import { parseAddress } from './address.ts';
import { channelOptions, receiveChunks, sendChunks, waitForReady } from './client.ts';
import { faultOf } from './faults.ts';
import type { OpenSessionRequest } from './gen/ptychofleet/v1/OpenSessionRequest.ts';
import type { OpenSessionResponse__Output } from './gen/ptychofleet/v1/OpenSessionResponse.ts';
import type { PullBlobResponse__Output } from './gen/ptychofleet/v1/PullBlobResponse.ts';
import type { PushResultRequest } from './gen/ptychofleet/v1/PushResultRequest.ts';
import { services } from './protocol.ts';

export interface TaskResult {
  readonly leaseId: number;
  readonly lossSum: number;
  readonly groupCount: number;
  readonly values: Float32Array;
  readonly computeMs: number;
}

const blobBytesMax = 2 ** 31;

export interface Digested {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
}

/** Bytes with their digest. */
export type Digester = (bytes: Uint8Array) => Promise<Digested>;

/** Takes the digest piece by piece: what is left to do after the last one delays a step of the whole fleet. */
async function receiveDigested(
  stream: ClientReadableStream<PullBlobResponse__Output>,
  what: string,
): Promise<Digested> {
  const running = new RunningDigest();
  const bytes = await receiveChunks(stream, what, blobBytesMax, running);
  return { bytes, digest: running.finish() };
}

/**
 * A worker's line to its coordinator. Control has a connection of its own, and so have both directions of bulk data: Node's
 * HTTP/2 does not read while a write is under way, so two ends that fill one connection from both sides wait for each other for
 * ever.
 */
export class FleetLink {
  readonly address: string;
  readonly #control;
  readonly #pulls;
  readonly #pushes;

  constructor(address: string) {
    this.address = parseAddress(address, '--coordinator');
    const secrets = credentials.createInsecure();
    const own = { ...channelOptions, 'grpc.use_local_subchannel_pool': 1 };
    this.#control = new services.FleetService(this.address, secrets, own);
    this.#pulls = new services.FleetService(this.address, secrets, own);
    this.#pushes = new services.FleetService(this.address, secrets, own);
  }

  /** All connections: one that is still pausing after a loss would fail the first result. */
  async connect(timeoutMs: number): Promise<void> {
    const all = [this.#control, this.#pulls, this.#pushes];
    await Promise.all(all.map((client) => waitForReady(client, this.address, timeoutMs)));
  }

  openSession(): ClientDuplexStream<OpenSessionRequest, OpenSessionResponse__Output> {
    return this.#control.openSession();
  }

  /**
   * Content by digest; bytes that do not match their digest never leave here.
   * @param digestElsewhere computes the digest off this thread and gives the bytes back, which may have moved
   */
  async pull(sessionId: string, digest: string, digestElsewhere?: Digester): Promise<Uint8Array> {
    if (!isDigest(digest)) throw new Fault('data-loss', `not a digest: ${digest}`);
    const stream = this.#pulls.pullBlob({ digest, sessionId });
    const what = `blob ${digest}`;
    const { bytes, digest: actual } =
      digestElsewhere === undefined
        ? await receiveDigested(stream, what)
        : await digestElsewhere(await receiveChunks(stream, what, blobBytesMax));
    if (actual !== digest) throw new Fault('data-loss', `asked for ${digest}, received ${actual}`);
    return bytes;
  }

  /** Delivers a result; false when the coordinator no longer needs it. */
  push(sessionId: string, result: TaskResult): Promise<boolean> {
    const bytes = bytesOf(result.values);
    const { leaseId, lossSum, groupCount, computeMs } = result;
    const valueCount = result.values.length;
    const header = {
      sessionId,
      leaseId,
      lossSum,
      groupCount,
      valueCount,
      computeMs,
    };
    const running = new RunningDigest();
    return new Promise((resolve, reject) => {
      const stream = this.#pushes.pushResult((error, response) => {
        if (error) reject(faultOf(error, 'delivering a result'));
        else resolve(response?.accepted ?? false);
      });
      const message = (chunk: { data: Buffer; totalBytes: number }, first: boolean): PushResultRequest => {
        running.update(chunk.data);
        return first ? { header, chunk } : { chunk };
      };
      void sendChunks(stream, bytes, message, () => ({ digest: running.finish() }));
    });
  }

  close(): void {
    this.#control.close();
    this.#pulls.close();
    this.#pushes.close();
  }
}
