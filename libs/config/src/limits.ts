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
  /** Any message; gRPC's own default, which other clients keep. */
  messageBytesMax: 4 * MiB,
  /** HTTP/2 receive window of a connection: what may be under way. */
  receiveWindowBytes: 8 * MiB,

  /** Rate at which a coordinator takes in slabs with ease, about half of what it can; leases are sized by it. */
  slabIntakeBytesPerSecond: 128 * MiB,

  /** Workers of one coordinator without relays (architecture §6). */
  workersMax: 64,

  heartbeatIntervalMs: 250,
  /** Silence after which what a worker holds is given to others as well. */
  suspectMs: 1_000,
  /** Silence after which a worker is given up. */
  heartbeatTimeoutMs: 6_000,
  /** A lease is never late before. */
  lateMsLeast: 250,
  /** A worker whose lease takes this long is given up, however alive it seems. */
  hungMsLeast: 20_000,
  /** The same while nobody knows how long a block takes: the first task brings the scan along and warms everything up. */
  hungMsUnknown: 600_000,
  /** First stay in quarantine. */
  quarantineMs: 30_000,
  /** Times a micro-batch may fail before its run does. */
  taskFailuresMax: 3,

  /** First and longest pause before a worker or client connects again. */
  reconnectDelayMinMs: 200,
  reconnectDelayMaxMs: 5_000,
  /** How long a client looks for a coordinator that it has lost. */
  coordinatorPatienceMs: 300_000,
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
  relation(values.receiveWindowBytes >= 2 * values.chunkBytesMax, 'the window holds more than one chunk');
  relation(
    values.suspectMs >= 3 * values.heartbeatIntervalMs,
    'two heartbeats may be lost before a worker is suspected',
  );
  relation(values.heartbeatTimeoutMs > values.suspectMs, 'a worker is suspected before it is given up');
  relation(values.hungMsLeast > values.lateMsLeast, 'a lease is late before its worker is hung');
  relation(values.hungMsUnknown >= values.hungMsLeast, 'the first task may take longer than others');
  relation(values.reconnectDelayMinMs <= values.reconnectDelayMaxMs, 'the first pause is not the longest');
  relation(
    values.coordinatorPatienceMs > values.reconnectDelayMaxMs,
    'a client looks for its coordinator more than once',
  );
  relation(
    values.reconnectDelayMaxMs < values.heartbeatTimeoutMs,
    'a worker can be back before it is given up',
  );
}

assertLimits(limits);
