import { credentials, type ClientDuplexStream } from '@grpc/grpc-js';
import {
  Fault,
  isContentDigest,
  kindOf,
  RunningDigest,
  type ContentDigest,
  type DigestKind,
} from '@ptychofleet/base';
import { parseAddress } from './address.ts';
import { GrpcPath } from './bulk/grpc-path.ts';
import { HttpPath } from './bulk/http-path.ts';
import type { BulkPath, Digested, Digester, PullOptions, Session, TaskResult } from './bulk/path.ts';
import type { CollectorOptions, SpareMemory } from './chunks.ts';
import { channelOptions, waitForReady } from './client.ts';
import type { OpenSessionRequest } from './gen/ptychofleet/v1/OpenSessionRequest.ts';
import type { OpenSessionResponse__Output } from './gen/ptychofleet/v1/OpenSessionResponse.ts';
import { services } from './protocol.ts';

/** How bulk data travels, the fastest first: through memory that both ends see, over HTTP/1.1, or in gRPC messages. */
export const bulkWays = ['memory', 'http', 'grpc'] as const;
export type BulkWay = (typeof bulkWays)[number];

/** Content that has come to be. */
export interface ComingContent {
  readonly digest: ContentDigest;
  /** Bytes that do not match their digest never leave here. */
  receive(spare?: SpareMemory): Promise<Uint8Array>;
  /** It is not wanted. */
  drop(): void;
}

/** A worker's line to its coordinator: gRPC for what is said, and beside it the fastest way there is for bulk data. */
export class FleetLink {
  readonly address: string;
  readonly #control;
  readonly #best: BulkWay;
  #bulk: BulkPath | null = null;

  /** @param best the fastest way that may be used */
  constructor(address: string, best: BulkWay = 'memory') {
    this.#best = best;
    this.address = parseAddress(address, '--coordinator');
    const own = { ...channelOptions, 'grpc.use_local_subchannel_pool': 1 };
    this.#control = new services.FleetService(this.address, credentials.createInsecure(), own);
  }

  /** @returns how bulk data will travel: the fastest way there is */
  async connect(timeoutMs: number): Promise<BulkWay> {
    await waitForReady(this.#control, this.address, timeoutMs);
    this.#bulk?.close();
    this.#bulk = null;
    const http = new HttpPath(this.address, this.#best === 'memory');
    const way = this.#best !== 'grpc' ? await http.connect(timeoutMs) : null;
    if (way !== null) {
      this.#bulk = http;
      return way;
    }
    http.close();
    const grpc = new GrpcPath(this.address);
    this.#bulk = grpc;
    await grpc.connect(timeoutMs);
    return 'grpc';
  }

  openSession(): ClientDuplexStream<OpenSessionRequest, OpenSessionResponse__Output> {
    return this.#control.openSession();
  }

  /** Content by digest; bytes that do not match their digest never leave here. */
  async pull(session: Session, digest: string, options: PullOptions = {}): Promise<Uint8Array> {
    if (!isContentDigest(digest)) throw new Fault('data-loss', `not a digest: ${digest}`);
    const path = this.#path();
    return checked(digest, await digested(kindOf(digest), options, (how) => path.pull(session, digest, how)));
  }

  /**
   * The name of what replaces that content, as soon as it does, and the content itself; null where nothing will or it cannot be asked.
   * One of both has to be called at once.
   */
  async next(
    session: Session,
    digest: ContentDigest,
    digestElsewhere?: Digester,
  ): Promise<ComingContent | null> {
    const next = (await this.#path().next?.(session, digest)) ?? null;
    if (next === null) return null;
    return {
      digest: next.digest,
      drop: () => next.drop(),
      receive: async (spare) => {
        const options = { digestElsewhere, spare };
        return checked(next.digest, await digested(kindOf(next.digest), options, (how) => next.receive(how)));
      },
    };
  }

  /** Delivers a result; false when the coordinator no longer needs it. */
  push(session: Session, result: TaskResult): Promise<boolean> {
    return this.#path().push(session, result);
  }

  close(): void {
    this.#control.close();
    this.#bulk?.close();
  }

  #path(): BulkPath {
    if (this.#bulk === null) throw new Fault('unavailable', 'the coordinator is not connected');
    return this.#bulk;
  }
}

async function digested(
  kind: DigestKind,
  { digestElsewhere, spare }: PullOptions,
  receive: (how: CollectorOptions) => Promise<Uint8Array>,
): Promise<Digested> {
  if (digestElsewhere) return digestElsewhere(await receive({ spare }), kind);
  let running = new RunningDigest(kind);
  // Each try to fetch it begins a new one.
  const begin = (): RunningDigest => (running = new RunningDigest(kind));
  const bytes = await receive({ digest: begin, spare });
  return { bytes, digest: running.finish() };
}

function checked(digest: ContentDigest, { bytes, digest: actual }: Digested): Uint8Array {
  if (actual !== digest) throw new Fault('data-loss', `asked for ${digest}, received ${actual}`);
  return bytes;
}
