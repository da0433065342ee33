import { describe, expect, it } from 'vitest';
import { probeWeights } from './index.ts';

describe('probe weights', () => {
  it('are the summed intensity of the modes at the central pixels', () => {
    const re = Float32Array.from({ length: 32 }, (_, i) => i);
    const im = Float32Array.from({ length: 32 }, (_, i) => 2 * i);
    const at = (i: number) => 5 * (i * i + (i + 16) ** 2);
    expect([...probeWeights(re, im, 4, 2)]).toEqual([at(5), at(6), at(9), at(10)]);
    expect(() => probeWeights(re, im, 4, 6)).toThrow(
      'middleTrim: received 6, expected at most the probe side 4',
    );
  });
});
