import { credentials, type ClientDuplexStream } from '@grpc/grpc-js';
import { bytesOf, digestOf, Fault, isDigest, type Digest } from '@ptychofleet/base';
import { parseAddress } from './address.ts';
import { channelOptions, receiveChunks, sendChunks, waitForReady } from './client.ts';
import { faultOf } from './faults.ts';
import type { OpenSessionRequest } from './gen/ptychofleet/v1/OpenSessionRequest.ts';
import type { OpenSessionResponse__Output } from './gen/ptychofleet/v1/OpenSessionResponse.ts';
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

const digestHere: Digester = (bytes) => Promise.resolve({ bytes, digest: digestOf(bytes) });

/** A worker's line to its coordinator. Control and bulk data have connections of their own. */
export class FleetLink {
  readonly address: string;
  readonly #control;
  readonly #bulk;

  constructor(address: string) {
    this.address = parseAddress(address, '--coordinator');
    const secrets = credentials.createInsecure();
    const own = { ...channelOptions, 'grpc.use_local_subchannel_pool': 1 };
    this.#control = new services.FleetService(this.address, secrets, own);
    this.#bulk = new services.FleetService(this.address, secrets, own);
  }

  connect(timeoutMs: number): Promise<void> {
    return waitForReady(this.#control, this.address, timeoutMs);
  }

  openSession(): ClientDuplexStream<OpenSessionRequest, OpenSessionResponse__Output> {
    return this.#control.openSession();
  }

  /**
   * Content by digest; bytes that do not match their digest never leave here.
   * @param digestElsewhere computes the digest off this thread and gives the bytes back, which may have moved
   */
  async pull(sessionId: string, digest: string, digestElsewhere = digestHere): Promise<Uint8Array> {
    if (!isDigest(digest)) throw new Fault('data-loss', `not a digest: ${digest}`);
    const received = await receiveChunks(
      this.#bulk.pullBlob({ digest, sessionId }),
      `blob ${digest}`,
      blobBytesMax,
    );
    const { bytes, digest: actual } = await digestElsewhere(received);
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
      digest: digestOf(bytes),
      computeMs,
    };
    return new Promise((resolve, reject) => {
      const stream = this.#bulk.pushResult((error, response) => {
        if (error) reject(faultOf(error, 'delivering a result'));
        else resolve(response?.accepted ?? false);
      });
      void sendChunks(stream, bytes, (chunk, first) => (first ? { header, chunk } : { chunk }));
    });
  }

  close(): void {
    this.#control.close();
    this.#bulk.close();
  }
}
