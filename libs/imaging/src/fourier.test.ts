import { describe, expect, it } from 'vitest';
import { FourierTransform, transform2d, signedFrequency } from './fourier.ts';
import { drawsOf } from './random-images.test-support.ts';

function noise(count: number, seed: number): Float64Array {
  const draws = drawsOf(seed);
  return Float64Array.from({ length: count }, () => draws.normal());
}

function naive(data: Float64Array): Float64Array {
  const n = data.length / 2;
  const out = new Float64Array(data.length);
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < n; j++) {
      const angle = (-2 * Math.PI * ((j * k) % n)) / n;
      out[2 * k] += data[2 * j] * Math.cos(angle) - data[2 * j + 1] * Math.sin(angle);
      out[2 * k + 1] += data[2 * j] * Math.sin(angle) + data[2 * j + 1] * Math.cos(angle);
    }
  }
  return out;
}

function largestDifference(a: Float64Array, b: Float64Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

describe('FourierTransform', () => {
  it('is the defining sum, and its inverse undoes it, at every length to 70 and at large odd ones', () => {
    for (const length of [...Array.from({ length: 70 }, (_, i) => i + 1), 92, 127, 158, 243, 251]) {
      const data = noise(2 * length, length);
      const transformed = data.slice();
      const plan = new FourierTransform(length);
      plan.forward(transformed);
      expect(largestDifference(transformed, naive(data))).toBeLessThan(1e-11 * length);
      plan.inverse(transformed);
      expect(largestDifference(transformed, data)).toBeLessThan(1e-13 * length);
    }
  });

  it('transforms rows and columns', () => {
    const [height, width] = [6, 8];
    const data = noise(2 * height * width, 1);
    const { data: out } = transform2d({ height, width, data: data.slice() }, 'forward');
    for (const [v, u] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [4, 7],
    ]) {
      let re = 0;
      let im = 0;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const angle = -2 * Math.PI * ((v * y) / height + (u * x) / width);
          const at = 2 * (y * width + x);
          re += data[at] * Math.cos(angle) - data[at + 1] * Math.sin(angle);
          im += data[at] * Math.sin(angle) + data[at + 1] * Math.cos(angle);
        }
      }
      expect(out[2 * (v * width + u)]).toBeCloseTo(re, 10);
      expect(out[2 * (v * width + u) + 1]).toBeCloseTo(im, 10);
    }
  });

  it('numbers frequencies like NumPy', () => {
    expect(Array.from({ length: 6 }, (_, k) => signedFrequency(k, 6))).toEqual([0, 1, 2, -3, -2, -1]);
    expect(Array.from({ length: 5 }, (_, k) => signedFrequency(k, 5))).toEqual([0, 1, 2, -2, -1]);
  });
});
