import { limits } from '@ptychofleet/config';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { reconnectDelayMs } from './index.ts';

it('pauses grow to their limit and never fall below their start, whatever chance says', () => {
  const chance = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.nat(), chance, chance, (attempt, one, other) => {
      const pause = reconnectDelayMs(attempt, one);
      expect(pause).toBeGreaterThanOrEqual(limits.reconnectDelayMinMs);
      expect(pause).toBeLessThanOrEqual(limits.reconnectDelayMaxMs);
      expect(reconnectDelayMs(attempt + 1, other)).toBeGreaterThanOrEqual(pause / 2);
    }),
  );
  expect(reconnectDelayMs(100, 1)).toBe(limits.reconnectDelayMaxMs);
  expect(new Set([0, 0.3, 0.6].map((chosen) => reconnectDelayMs(3, chosen))).size).toBe(3);
});
