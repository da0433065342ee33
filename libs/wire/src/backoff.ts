import { limits } from '@ptychofleet/config';

/**
 * Pause before the next attempt to connect: grows by a quarter from attempt to attempt, so that it stays a fraction of the time
 * that has been waited, and lies anywhere in the upper half, so that a fleet that lost its coordinator does not come back all
 * at once.
 * @param attempt counted from 0
 * @param chance from 0 to 1
 */
export function reconnectDelayMs(attempt: number, chance = Math.random()): number {
  const { reconnectDelayMinMs: min, reconnectDelayMaxMs: max } = limits;
  const longest = Math.min(max, 2 * min * 1.25 ** Math.min(attempt, 30));
  return longest * (0.5 + 0.5 * chance);
}
