import { bytesOf, Fault, RunningDigest, valuesDigestOf, type ContentDigest } from '@ptychofleet/base';
import {
  chunksOf,
  lasting,
  serve,
  statusOf,
  type BulkService,
  type LentBytes,
  type NamedBytes,
  type PushResultRequest__Output,
} from '../index.ts';
import type { ServiceHandlers } from '../index.ts';
import { SharedFolder } from './shared-folder.ts';

/** Whether this system has memory that processes share; tests of it are skipped elsewhere. */
export const sharesMemory = ((): boolean => {
  const folder = SharedFolder.create();
  folder?.close();
  return folder !== null;
})();

type Taken = Parameters<BulkService['openResult']>[0] & { readonly bytes: Uint8Array };

/** A coordinator that gives blobs away and takes results in; nothing else is asked of it here. */
export class Store implements BulkService {
  readonly blobs = new Map<string, Uint8Array>();
  readonly taken: Taken[] = [];
  readonly failures: unknown[] = [];
  /** What openResult ends with. */
  refusal: Fault | null = null;

  add(bytes: Uint8Array, digest: string = valuesDigestOf(bytes)): string {
    this.blobs.set(digest, bytes);
    return digest;
  }

  isOpen(sessionId: string): boolean {
    return sessionId === 's';
  }

  blob(sessionId: string, digest: string): Promise<LentBytes> {
    const bytes = this.blobs.get(digest);
    if (sessionId !== 's') return Promise.reject(new Fault('failed-precondition', 'the session is over'));
    if (bytes === undefined) {
      const message = `no content ${digest} is held here`;
      return Promise.reject(new Fault('not-found', message, { field: 'digest' }));
    }
    return Promise.resolve(lasting(bytes));
  }

  /** Who waits for what replaces a blob, and who has left. */
  readonly waiting = new Map<string, (next: NamedBytes | null) => void>();
  readonly left: string[] = [];

  next(sessionId: string, digest: string, gone: AbortSignal): Promise<NamedBytes | null> {
    if (sessionId !== 's') return Promise.reject(new Fault('failed-precondition', 'the session is over'));
    if (!this.blobs.has(digest)) return Promise.resolve(null);
    gone.addEventListener('abort', () => this.left.push(digest));
    return new Promise((resolve) => this.waiting.set(digest, resolve));
  }

  /** @param bytes null where nothing comes any more; `digest` is what is told of them */
  replace(before: string, bytes: Uint8Array | null, digest = bytes && valuesDigestOf(bytes)): void {
    const next = bytes && { ...lasting(bytes), digest: this.add(bytes, digest!) as ContentDigest };
    this.waiting.get(before)!(next);
    this.waiting.delete(before);
  }

  openResult(header: Parameters<BulkService['openResult']>[0]) {
    if (this.refusal !== null) throw this.refusal;
    if (header.sessionId !== 's') throw new Fault('failed-precondition', 'the session is over');
    const running = new RunningDigest('blake3');
    const bytes = new Uint8Array(4 * header.valueCount);
    let filled = 0;
    return {
      add: (piece: Uint8Array): void => {
        if (filled + piece.length > bytes.length) throw new Fault('data-loss', 'longer than announced');
        bytes.set(piece, filled);
        running.update(piece);
        filled += piece.length;
      },
      room: () => bytes,
      filled: (count: number): void => {
        running.update(bytes.subarray(filled, filled + count));
        filled += count;
      },
      finish: (stated: string): Promise<boolean> => {
        if (filled < bytes.length) throw new Fault('data-loss', `ended after ${filled} bytes`);
        if (running.finish() !== stated) throw new Fault('data-loss', 'another digest');
        this.taken.push({ ...header, bytes });
        return Promise.resolve(header.leaseId !== 0);
      },
    };
  }

  failed(error: unknown): void {
    this.failures.push(error);
  }
}

type PullStream = NodeJS.EventEmitter & {
  readonly request: { readonly sessionId: string; readonly digest: string };
  write(message: object): boolean;
  end(): void;
};

/** Both RPCs for bulk data, on the same store. */
function grpcHandlers(store: Store): ServiceHandlers['fleet'] {
  const pull = async (stream: PullStream): Promise<void> => {
    const { bytes } = await store.blob(stream.request.sessionId, stream.request.digest);
    for (const chunk of chunksOf(bytes)) {
      if (!stream.write({ chunk })) await new Promise((resolve) => stream.once('drain', resolve));
    }
    stream.end();
  };
  const push = async (stream: AsyncIterable<PushResultRequest__Output>): Promise<{ accepted: boolean }> => {
    let intake: ReturnType<Store['openResult']> | null = null;
    let stated = '';
    for await (const { header, chunk, digest } of stream) {
      if (header !== null) intake = store.openResult(header);
      if (chunk !== null) intake?.add(chunk.data);
      if (digest !== '') stated = digest;
    }
    return { accepted: (await intake?.finish(stated)) ?? false };
  };
  return {
    PullBlob: (stream: PullStream) => {
      pull(stream).catch((error: unknown) => stream.emit('error', statusOf(error)));
    },
    PushResult: (
      stream: AsyncIterable<PushResultRequest__Output>,
      callback: (error: unknown, response?: { accepted: boolean }) => void,
    ) => {
      push(stream).then(
        (response) => callback(null, response),
        (error: unknown) => callback(statusOf(error)),
      );
    },
  } as unknown as ServiceHandlers['fleet'];
}

export async function startStore(ways: 'both' | 'grpc', address = '127.0.0.1:0') {
  const store = new Store();
  const none = {} as never;
  const handlers = { runs: none, data: none, models: none, fleet: grpcHandlers(store) };
  const server = await serve(address, handlers, ...(ways === 'both' ? [store] : []));
  return { store, server };
}

export function bytesOfLength(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31) % 251;
  return bytes;
}

export function resultOf(values: Float32Array, leaseId = 1) {
  return { leaseId, lossSum: 0.1, groupCount: 3, values, computeMs: 12.25 };
}

export const sameBytes = (one: ArrayBufferView, other: ArrayBufferView): boolean =>
  Buffer.compare(bytesOf(one), bytesOf(other)) === 0;
