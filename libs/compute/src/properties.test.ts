import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomSequence, RandomStream } from '@ptychofleet/base';
import { createDiffraction, transformMatrix } from './diffraction.ts';
import { relativeError } from './golden.test-support.ts';
import { canvasSide, extract, groupGeometry, merge, type PatchWeighting } from './reassembly.ts';
import { tensorflow, type Tensor } from './runtime.ts';
import { translationMatrix } from './translation.ts';

const tf = tensorflow();
const valuesOf = (tensor: Tensor) => tensor.dataSync<'float32'>() as Float32Array;
const noise = (size: number, seed: number, stream: string) => {
  const draw = new RandomSequence(new RandomStream(seed, stream));
  return Float32Array.from({ length: size }, () => 2 * draw.uniform() - 1);
};
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
};
const shifts = fc.double({ min: -12, max: 12, noNaN: true }).map(Math.fround);

/** The definition: every pixel reads four neighbours, what lies outside counts as 0. */
function translatedSlowly(image: Float32Array, side: number, dx: number, dy: number): Float64Array {
  const at = (row: number, column: number) =>
    row < 0 || column < 0 || row >= side || column >= side ? 0 : (image[row * side + column] as number);
  return Float64Array.from(image, (_, index) => {
    const y = Math.floor(index / side) - dy;
    const x = (index % side) - dx;
    const [row, column] = [Math.floor(y), Math.floor(x)];
    const [v, u] = [y - row, x - column];
    const above = (1 - u) * at(row, column) + u * at(row, column + 1);
    const below = (1 - u) * at(row + 1, column) + u * at(row + 1, column + 1);
    return (1 - v) * above + v * below;
  });
}

describe('translation', () => {
  it('equals the four-neighbour definition for any shift', () => {
    const side = 9;
    fc.assert(
      fc.property(shifts, shifts, fc.nat(), (dx, dy, seed) => {
        const image = noise(side * side, seed, 'image');
        const rows = translationMatrix(side, side, 0, dy);
        const columns = translationMatrix(side, side, 0, dx);
        const actual = Float64Array.from(image, (_, index) => {
          const [row, column] = [Math.floor(index / side), index % side];
          let sum = 0;
          for (let r = 0; r < side; r++) {
            for (let c = 0; c < side; c++) {
              const factor = (rows[row * side + r] as number) * (columns[column * side + c] as number);
              sum += factor * (image[r * side + c] as number);
            }
          }
          return sum;
        });
        const expected = translatedSlowly(image, side, dx, dy);
        actual.forEach((value, i) => expect(Math.abs(value - (expected[i] as number))).toBeLessThan(1e-6));
      }),
      { numRuns: 50 },
    );
  });
});

describe('diffraction', () => {
  const unit = (N: number) => ({ re: new Float32Array(N * N).fill(1), im: new Float32Array(N * N) });

  it.each([8, 15])('equals the sum over plane waves, centred (N = %i)', (N) => {
    const object = noise(2 * N * N, 1, 'object');
    const diffraction = createDiffraction(tf, N, unit(N));
    const field = valuesOf(diffraction.farField(tf.tensor(object, [1, 2, N, N]))); // [column, re|im, row]
    for (const [ky, kx] of [
      [0, 0],
      [3, 5],
      [N - 1, 2],
      [Math.floor(N / 2), Math.floor(N / 2)],
    ] as const) {
      // prettier-ignore
      let re = 0;
      let im = 0;
      for (let y = 0; y < N; y++) {
        for (let x = 0; x < N; x++) {
          const angle = (-2 * Math.PI * ((ky - Math.floor(N / 2)) * y + (kx - Math.floor(N / 2)) * x)) / N;
          const [a, b] = [object[y * N + x] as number, object[(N + y) * N + x] as number];
          re += (a * Math.cos(angle) - b * Math.sin(angle)) / N;
          im += (a * Math.sin(angle) + b * Math.cos(angle)) / N;
        }
      }
      expect(field[(kx * 2 + 0) * N + ky]).toBeCloseTo(re, 4);
      expect(field[(kx * 2 + 1) * N + ky]).toBeCloseTo(im, 4);
    }
    diffraction.dispose();
  });

  it('conserves energy under a unit probe', () => {
    fc.assert(
      fc.property(fc.constantFrom(4, 7, 16), fc.nat(), (N, seed) => {
        const diffraction = createDiffraction(tf, N, unit(N));
        const object = noise(6 * N * N, seed, 'object');
        const field = valuesOf(diffraction.farField(tf.tensor(object, [3, 2, N, N])));
        expect(dot(field, field) / dot(object, object)).toBeCloseTo(1, 4);
        diffraction.dispose();
      }),
      { numRuns: 20 },
    );
  });

  it('uses an orthogonal matrix', () => {
    const N = 12;
    const matrix = tf.tensor2d(transformMatrix(N), [2 * N, 2 * N]);
    const gram = valuesOf(tf.matMul(matrix, matrix, true, false));
    expect(relativeError(gram, valuesOf(tf.eye(2 * N)))).toBeLessThan(1e-6);
  });

  it('has amplitude gradient 0 where the far field is 0', () => {
    const diffraction = createDiffraction(tf, 4, unit(4));
    const slope = tf.grad((x) => tf.sum(diffraction.amplitude(x as Tensor)))(tf.zeros([1, 4, 2, 4]));
    expect([...valuesOf(slope)].every((value) => value === 0)).toBe(true);
    diffraction.dispose();
  });
});

describe('merge and extraction', () => {
  const [N, C, b] = [16, 4, 2];
  const M = canvasSide(N, 2, 3);
  const relatives = fc.array(fc.double({ min: -2, max: 2, noNaN: true }).map(Math.fround), {
    minLength: b * C * 2,
    maxLength: b * C * 2,
  });
  const weightings = fc.constantFrom<PatchWeighting>('central_mask', 'probe', 'uniform');

  it('have the gradient that is the adjoint of their linear map', () => {
    fc.assert(
      fc.property(relatives, weightings, fc.nat(), (relative, weighting, seed) => {
        const probeIntensity = noise(N * N, seed, 'probe').map((value) => value * value);
        const geometry = groupGeometry(
          tf,
          { N, C, M, weighting, probeIntensity },
          Float32Array.from(relative),
        );
        const patches = tf.tensor(noise(b * 2 * C * N * N, seed, 'patches'), [b, 2, C, N, N]);
        const forward = (x: Tensor) => extract(tf, merge(tf, x, geometry), geometry);
        const w = tf.tensor(noise(b * 2 * C * N * N, seed, 'weights'), [b, 2, C, N, N]);
        const adjoint = valuesOf(tf.grad((x) => tf.sum(tf.mul(forward(x as Tensor), w)))(patches));
        const [left, right] = [dot(valuesOf(forward(patches)), valuesOf(w)), dot(valuesOf(patches), adjoint)];
        expect(Math.abs(left - right)).toBeLessThan(1e-4 * (1 + Math.abs(left) + Math.abs(right)));
      }),
      { numRuns: 20 },
    );
  });

  it('give a constant object back where the patches meet', () => {
    fc.assert(
      fc.property(relatives, (relative) => {
        const plan = { N, C, M, weighting: 'uniform' as const, probeIntensity: new Float32Array(N * N) };
        const geometry = groupGeometry(tf, plan, Float32Array.from(relative));
        const canvas = valuesOf(merge(tf, tf.ones([b, 2, C, N, N]), geometry));
        // Whatever their offsets within ±2 pixels, all central blocks hold the middle of the canvas.
        for (const at of [M / 2, M / 2 - 1]) expect(canvas[at * M + at]).toBeCloseTo(1, 4);
      }),
      { numRuns: 20 },
    );
  });

  it('leave the canvas empty outside the central blocks', () => {
    const plan = { N, C, M, weighting: 'central_mask' as const, probeIntensity: new Float32Array(N * N) };
    const geometry = groupGeometry(tf, plan, new Float32Array(b * C * 2));
    const canvas = valuesOf(merge(tf, tf.ones([b, 2, C, N, N]), geometry));
    const pad = (M - N) / 2 + N / 4;
    canvas.forEach((value, index) => {
      const [row, column] = [Math.floor(index / M) % M, index % M];
      const inside = [row, column].every((place) => place >= pad && place < pad + N / 2);
      expect(value).toBeCloseTo(inside ? C / (C + 1e-3) : 0, 6);
    });
  });
});

describe('canvas', () => {
  it.each([
    [64, 1, 3, 64],
    [64, 2, 3, 68],
    [64, 3, 3, 72],
    [128, 2, 4, 132],
    [64, 2, 4.5, 70],
  ])('of N = %i, gridsize %i and distance %d is %i wide', (N, gridsize, distance, side) => {
    expect(canvasSide(N, gridsize, distance)).toBe(side);
  });
});
