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
  [{ receiveWindowBytes: limits.chunkBytesMax }, 'more than one chunk'],
  [{ suspectMs: limits.heartbeatIntervalMs }, 'two heartbeats'],
  [{ heartbeatTimeoutMs: limits.suspectMs }, 'before it is given up'],
  [{ hungMsLeast: limits.lateMsLeast }, 'a lease is late'],
  [{ hungMsUnknown: limits.hungMsLeast - 1 }, 'the first task'],
  [{ reconnectDelayMinMs: limits.reconnectDelayMaxMs + 1 }, 'the first pause'],
  [{ reconnectDelayMaxMs: limits.heartbeatTimeoutMs }, 'can be back'],
  [{ taskFailuresMax: 0 }, 'limits.taskFailuresMax must be a positive integer'],
  [{ chunkBytesMax: 1.5 }, 'limits.chunkBytesMax must be a positive integer'],
])('%o is refused', (change, message) => {
  const spoiled = { ...limits, ...change };
  expect(() => assertLimits(spoiled)).toThrow(AssertionError);
  expect(() => assertLimits(spoiled)).toThrow(message);
});
