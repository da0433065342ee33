import type { ContentDigest, DigestKind } from '@ptychofleet/base';
import type { CollectorOptions, SpareMemory } from '../chunks.ts';

export interface TaskResult {
  readonly leaseId: number;
  readonly lossSum: number;
  readonly groupCount: number;
  readonly values: Float32Array;
  readonly computeMs: number;
}

export interface Digested {
  readonly bytes: Uint8Array;
  readonly digest: ContentDigest;
}

/** Bytes with their digest. */
export type Digester = (bytes: Uint8Array, kind: DigestKind) => Promise<Digested>;

/** A life of a worker, and what happens when it is over. */
export interface Session {
  readonly id: string;
  /** Ends all transfers. */
  readonly over: AbortSignal;
}

export interface PullOptions {
  /** Computes the digest off this thread and gives the bytes back, which may have moved. */
  readonly digestElsewhere?: Digester | undefined;
  /** Where the bytes may lie; fresh memory where it has none. */
  readonly spare?: SpareMemory | undefined;
}

/** Content whose name is told by who has it. */
export interface NextContent {
  readonly digest: ContentDigest;
  /** What comes is not compared with the digest. */
  receive(options: CollectorOptions): Promise<Uint8Array>;
  /** It is not wanted. Either this or {@link receive}, at once. */
  drop(): void;
}

/** A way for weights, scans and results. What goes wrong on it is a Fault; a lost connection is `unavailable`. */
export interface BulkPath {
  /** What comes is not compared with the digest. */
  pull(session: Session, digest: ContentDigest, options: CollectorOptions): Promise<Uint8Array>;
  /** What replaces that content, as soon as it does; null where nothing will. Left out where that cannot be asked. */
  next?(session: Session, digest: ContentDigest): Promise<NextContent | null>;
  /** Delivers a result; false when the coordinator no longer needs it. */
  push(session: Session, result: TaskResult): Promise<boolean>;
  close(): void;
}

export const blobBytesMax = 2 ** 31;
