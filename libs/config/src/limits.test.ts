import { AssertionError } from '@ptychofleet/base';
import { expect, it } from 'vitest';
import { assertLimits, limits } from './limits.ts';

it('the limits hold their relations', () => {
  expect(() => assertLimits(limits)).not.toThrow();
  expect(Object.isFrozen(limits)).toBe(true);
});

it.each([
  [{ messageBytesMax: limits.chunkBytesMax }, 'a chunk and its envelope'],
  [{ messageBytesMax: 8 * 1024 * 1024 }, "gRPC's default"],
  [{ receiveWindowBytes: limits.chunkBytesMax }, 'all chunks in flight'],
  [{ leaseTimeoutMs: limits.heartbeatIntervalMs }, 'two heartbeats'],
  [{ drainTimeoutMs: limits.leaseTimeoutMs }, 'before a drain'],
  [{ stallTimeoutMs: limits.unaryDeadlineMs }, 'a bulk stream'],
  [{ reconnectDelayMinMs: limits.reconnectDelayMaxMs + 1 }, 'the first pause'],
  [{ reconnectDelayMaxMs: limits.leaseTimeoutMs }, 'can be back'],
  [{ attemptsMax: 0 }, 'limits.attemptsMax must be a positive integer'],
  [{ fileBytesMax: 1.5 }, 'limits.fileBytesMax must be a positive integer'],
])('%o is refused', (change, message) => {
  const spoiled = { ...limits, ...change };
  expect(() => assertLimits(spoiled)).toThrow(AssertionError);
  expect(() => assertLimits(spoiled)).toThrow(message);
});
