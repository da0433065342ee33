import { RandomSequence, RandomStream } from '@ptychofleet/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { relativeDifference } from '../scan.test-support.ts';
import { Fft2 } from './fft2.ts';
import { cutPatch } from './patches.ts';
import { poissonDraw } from './poisson.ts';
import { scanPositions } from './scan-positions.ts';
import { scanKinds } from './simulation-spec.ts';

describe('Fft2', () => {
  it('agrees with the defining sum', () => {
    const N = 8;
    const draws = new RandomSequence(new RandomStream(1, 'fft'));
    const frame = Float64Array.from({ length: 2 * N * N }, () => draws.normal());
    const expected = new Float64Array(frame.length);
    for (let v = 0; v < N; v++) {
      for (let u = 0; u < N; u++) {
        for (let y = 0; y < N; y++) {
          for (let x = 0; x < N; x++) {
            const angle = (-2 * Math.PI * (u * x + v * y)) / N;
            const [re, im] = [frame[2 * (y * N + x)], frame[2 * (y * N + x) + 1]];
            expected[2 * (v * N + u)] += re * Math.cos(angle) - im * Math.sin(angle);
            expected[2 * (v * N + u) + 1] += re * Math.sin(angle) + im * Math.cos(angle);
          }
        }
      }
    }
    new Fft2(N).forward(frame);
    expect(relativeDifference(frame, expected)).toBeLessThan(1e-13);
  });
});

describe('scanPositions', () => {
  it.each(scanKinds)('%s keeps its margin and gives the wanted count', (kind) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(100), (count, seed) => {
        const { x, y } = scanPositions({ kind, count, margin: 36, jitter: 0.9, seed }, 232);
        expect(x).toHaveLength(count);
        for (const value of [...x, ...y]) expect(value >= 36 && value <= 196).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('places a raster row by row from corner to corner', () => {
    const { x, y } = scanPositions({ kind: 'raster', count: 6, margin: 40, jitter: 0, seed: 1 }, 100);
    expect([...x]).toEqual([40, 50, 60, 40, 50, 60]);
    expect([...y]).toEqual([40, 40, 40, 60, 60, 60]);
  });

  it('jitters by at most the given fraction of a step', () => {
    const spec = { kind: 'raster', count: 25, margin: 40, jitter: 0.2, seed: 1 } as const;
    const [straight, jittered] = [spec, { ...spec, kind: 'jittered' as const }].map((s) =>
      scanPositions(s, 200),
    );
    const shifts = Array.from(straight.x, (value, i) => Math.abs(value - jittered.x[i]));
    expect(Math.max(...shifts)).toBeLessThanOrEqual(0.2 * 30 + 1e-9);
    expect(Math.max(...shifts)).toBeGreaterThan(1);
  });

  it('spreads a spiral evenly: inner half of the area holds half of the points', () => {
    const { x, y } = scanPositions({ kind: 'spiral', count: 400, margin: 50, jitter: 0, seed: 1 }, 200);
    const inner = [...x].filter((value, i) => Math.hypot(value - 100, y[i] - 100) < 50 / Math.SQRT2).length;
    expect(inner).toBe(200);
  });
});

describe('cutPatch', () => {
  const data = Float32Array.from({ length: 2 * 9 * 9 }, (_, i) => (i % 2 === 0 ? 1 + i / 2 : -i));
  const object = { height: 9, width: 9, data };

  it('puts the position at pixel (N/2, N/2) and zero outside', () => {
    const patch = new Float64Array(2 * 16);
    cutPatch(object, 5, 3, 4, patch);
    // patch[r, c] = object[r + y − N/2, c + x − N/2]
    expect(patch[2 * (2 * 4 + 2)]).toBe(1 + 3 * 9 + 5);
    expect(patch[0]).toBe(1 + 1 * 9 + 3);
    cutPatch(object, 0, 0, 4, patch);
    expect([patch[0], patch[2 * 5], patch[2 * (2 * 4 + 2)]]).toEqual([0, 0, 1]);
  });

  it('interpolates linearly between whole positions', () => {
    const [half, left, right] = [4.5, 4, 5].map((x) => {
      const patch = new Float64Array(2 * 16);
      cutPatch(object, x, 4, 4, patch);
      return patch;
    });
    expect(
      relativeDifference(
        half,
        left.map((value, i) => (value + right[i]) / 2),
      ),
    ).toBeLessThan(1e-12);
  });
});

describe('poissonDraw', () => {
  const draw = (mean: number, count: number): number[] => {
    const draws = new RandomSequence(new RandomStream(11, `poisson/${mean}`));
    return Array.from({ length: count }, () => poissonDraw(mean, draws));
  };

  it.each([0.02, 1, 9.9, 10.1, 40])('follows the Poisson law for mean %d', (mean) => {
    const count = 40_000;
    const seen = draw(mean, count);
    // Chi-square over the values expected at least ten times; the rest share one bin.
    let probability = Math.exp(-mean);
    let [chiSquare, bins, rest] = [0, 0, count];
    let restSeen = count;
    for (let k = 0; k < 200; k++) {
      if (k > 0) probability *= mean / k;
      const expected = count * probability;
      if (expected < 10) continue;
      const observed = seen.filter((value) => value === k).length;
      chiSquare += (observed - expected) ** 2 / expected;
      bins++;
      rest -= expected;
      restSeen -= observed;
    }
    if (rest > 1) chiSquare += (restSeen - rest) ** 2 / rest;
    // Mean `bins`, standard deviation √(2·bins); five of them plus slack for few bins.
    expect(chiSquare).toBeLessThan(bins + 5 * Math.sqrt(2 * bins) + 10);
  });

  it.each([1e3, 1e6, 1e10])('has mean and variance %d', (mean) => {
    const count = 20_000;
    const seen = draw(mean, count);
    const average = seen.reduce((a, b) => a + b, 0) / count;
    const variance = seen.reduce((sum, value) => sum + (value - average) ** 2, 0) / count;
    expect(Math.abs(average - mean)).toBeLessThan(5 * Math.sqrt(mean / count));
    expect(Math.abs(variance / mean - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
  });

  it('is zero for mean zero', () => {
    expect(draw(0, 3)).toEqual([0, 0, 0]);
  });
});
