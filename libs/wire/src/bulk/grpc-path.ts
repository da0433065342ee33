import { credentials } from '@grpc/grpc-js';
import { bytesOf, RunningDigest, type ContentDigest } from '@ptychofleet/base';
import { channelOptions, receiveChunks, sendChunks, waitForReady } from '../client.ts';
import { faultOf } from '../faults.ts';
import type { PushResultRequest } from '../gen/ptychofleet/v1/PushResultRequest.ts';
import { services } from '../protocol.ts';
import type { CollectorOptions } from '../chunks.ts';
import { blobBytesMax, type BulkPath, type Session, type TaskResult } from './path.ts';

/**
 * PullBlob and PushResult. Both directions have a connection of their own: Node's HTTP/2 does not read while a write is under
 * way, so two ends that fill one connection from both sides wait for each other for ever.
 */
export class GrpcPath implements BulkPath {
  readonly #address: string;
  readonly #pulls;
  readonly #pushes;

  constructor(address: string) {
    this.#address = address;
    const secrets = credentials.createInsecure();
    const own = { ...channelOptions, 'grpc.use_local_subchannel_pool': 1 };
    this.#pulls = new services.FleetService(address, secrets, own);
    this.#pushes = new services.FleetService(address, secrets, own);
  }

  /** Both connections: one that is still pausing after a loss would fail the first result. */
  async connect(timeoutMs: number): Promise<void> {
    const both = [this.#pulls, this.#pushes];
    await Promise.all(both.map((client) => waitForReady(client, this.#address, timeoutMs)));
  }

  async pull({ id, over }: Session, digest: ContentDigest, options: CollectorOptions): Promise<Uint8Array> {
    const stream = this.#pulls.pullBlob({ digest, sessionId: id });
    const settled = cancelWhen(over, stream);
    try {
      return await receiveChunks(stream, `blob ${digest}`, blobBytesMax, options);
    } finally {
      settled();
    }
  }

  push({ id, over }: Session, { values, ...about }: TaskResult): Promise<boolean> {
    const header = { ...about, sessionId: id, valueCount: values.length };
    const running = new RunningDigest('blake3');
    return new Promise((resolve, reject) => {
      const stream = this.#pushes.pushResult((error, response) => {
        settled();
        if (error) reject(faultOf(error, 'delivering a result'));
        else resolve(response?.accepted ?? false);
      });
      const settled = cancelWhen(over, stream);
      const message = (chunk: { data: Buffer; totalBytes: number }, first: boolean): PushResultRequest => {
        running.update(chunk.data);
        return first ? { header, chunk } : { chunk };
      };
      void sendChunks(stream, bytesOf(values), message, () => ({ digest: running.finish() }));
    });
  }

  close(): void {
    this.#pulls.close();
    this.#pushes.close();
  }
}

/** Cancels a call with its session; what is returned says that the call is over. */
function cancelWhen(over: AbortSignal, call: { cancel(): void }): () => void {
  const cancel = (): void => call.cancel();
  if (over.aborted) cancel();
  over.addEventListener('abort', cancel, { once: true });
  return () => over.removeEventListener('abort', cancel);
}
