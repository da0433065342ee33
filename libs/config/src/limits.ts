import { assert } from '@ptychofleet/base';

const KiB = 1024;
const MiB = 1024 * KiB;

/**
 * Every bound on queues, retries, messages and waiting, in one place, because they depend on one another.
 * None of them may change a result: a run is the same whatever its limits, or it fails.
 */
export const limits = Object.freeze({
  /** A configuration file is typed by hand. */
  configFileCharsMax: MiB,

  /** One message of array bytes; the sweet spot of the transport (design runtime.md). */
  chunkBytesMax: MiB,
  /** Any message: a chunk and its envelope, below gRPC's own default of 4 MiB. */
  messageBytesMax: 2 * MiB,
  /** Chunks in flight per bulk stream before the sender waits. */
  chunksInFlightMax: 8,
  /** HTTP/2 receive window of a session, wide enough for the chunks in flight. */
  receiveWindowBytes: 16 * MiB,
  /** An uploaded or opened file. */
  fileBytesMax: 64 * 1024 * MiB,

  /** Workers of one coordinator without relays (architecture §6). */
  workersMax: 64,
  /** Micro-batches leased to one worker: one at work, the rest hide the way there. */
  leasesPerWorkerMax: 2,
  /** Runs waiting for their turn. */
  queuedRunsMax: 1000,
  /** Events kept for one watcher that does not read. */
  watcherQueueMax: 1024,

  heartbeatIntervalMs: 2_000,
  /** Silence after which a worker's leases go back to the pool. */
  leaseTimeoutMs: 10_000,
  /** Time a worker has to hand back its micro-batch when asked to leave. */
  drainTimeoutMs: 30_000,
  /** Deadline of a call that moves no arrays. */
  unaryDeadlineMs: 10_000,
  /** Deadline of a bulk stream without progress. */
  stallTimeoutMs: 60_000,

  /** First and longest pause before a worker or client connects again. */
  reconnectDelayMinMs: 200,
  reconnectDelayMaxMs: 5_000,
  /** How long a client looks for a coordinator that it has lost. */
  coordinatorPatienceMs: 300_000,
  /** Attempts of a call that is safe to repeat. */
  attemptsMax: 5,
  /** Times a micro-batch may fail before its run does. */
  microBatchFailuresMax: 4,
});

/** Names the first relation that does not hold: limits that contradict each other would show as hangs, not as errors. */
export function assertLimits(values: { readonly [K in keyof typeof limits]: number }): void {
  for (const [name, value] of Object.entries(values)) {
    assert(Number.isSafeInteger(value) && value > 0, `limits.${name} must be a positive integer: ${value}`);
  }
  const relation = (holds: boolean, text: string): void => assert(holds, `limits: ${text}`);
  relation(
    values.messageBytesMax >= values.chunkBytesMax + 64 * KiB,
    'a chunk and its envelope fit into a message',
  );
  relation(values.messageBytesMax <= 4 * MiB, "a message stays within gRPC's default limit");
  relation(
    values.receiveWindowBytes >= values.chunksInFlightMax * values.chunkBytesMax,
    'the window holds all chunks in flight',
  );
  relation(values.fileBytesMax >= values.chunkBytesMax, 'a file holds a chunk');
  relation(
    values.leaseTimeoutMs >= 3 * values.heartbeatIntervalMs,
    'two heartbeats may be lost before a lease is',
  );
  relation(values.drainTimeoutMs > values.leaseTimeoutMs, 'a lease ends before a drain gives up');
  relation(values.stallTimeoutMs > values.unaryDeadlineMs, 'a bulk stream may wait longer than a call');
  relation(values.reconnectDelayMinMs <= values.reconnectDelayMaxMs, 'the first pause is not the longest');
  relation(
    values.coordinatorPatienceMs > values.reconnectDelayMaxMs,
    'a client looks for its coordinator more than once',
  );
  relation(values.reconnectDelayMaxMs < values.leaseTimeoutMs, 'a worker can be back before its lease ends');
}

assertLimits(limits);
