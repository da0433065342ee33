import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomSequence, RandomStream } from '@ptychofleet/base';
import { createDiffraction, transformMatrix } from './diffraction.ts';
import { relativeError } from './model.test-support.ts';
import { mergedAndCut, translated } from './oracle.test-support.ts';
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

/** ⟨A x, y⟩ = ⟨x, Aᵀ y⟩ for the adjoint that back-propagation uses. */
function expectAdjoint(A: (x: Tensor) => Tensor, shape: readonly number[], seed: number): void {
  tf.tidy(() => {
    const size = shape.reduce((a, b) => a * b, 1);
    const x = tf.tensor(noise(size, seed, 'x'), [...shape]);
    const image = A(x);
    const y = tf.tensor(noise(image.size, seed, 'y'), image.shape);
    const back = tf.grad((x) => tf.sum(tf.mul(A(x as Tensor), y)))(x);
    const [left, right] = [dot(valuesOf(image), valuesOf(y)), dot(valuesOf(x), valuesOf(back))];
    const scale = Math.sqrt(dot(valuesOf(image), valuesOf(image)) * dot(valuesOf(y), valuesOf(y)));
    expect(Math.abs(left - right)).toBeLessThanOrEqual(1e-5 * scale);
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
        const expected = translated(image, side, dx, dy);
        actual.forEach((value, i) => expect(Math.abs(value - (expected[i] as number))).toBeLessThan(1e-6));
      }),
      { numRuns: 50 },
    );
  });
});

describe('adjoints', () => {
  const side = 9;
  const shift = (dx: number, dy: number) => (image: Tensor) => {
    const rows = tf.tensor2d(translationMatrix(side, side, 0, dy), [side, side]);
    const columns = tf.tensor2d(translationMatrix(side, side, 0, dx), [side, side]);
    return tf.matMul(tf.matMul(rows, image), columns, false, true);
  };

  it('of translation', () => {
    fc.assert(
      fc.property(shifts, shifts, fc.nat(), (dx, dy, seed) =>
        expectAdjoint(shift(dx, dy), [side, side], seed),
      ),
      { numRuns: 30 },
    );
  });

  it('of translation by d is translation by -d away from the frame (model spec §6.2)', () => {
    const inner = fc.double({ min: -2, max: 2, noNaN: true }).map(Math.fround);
    fc.assert(
      fc.property(inner, inner, fc.nat(), (dx, dy, seed) => {
        const values = noise(side * side, seed, 'image').map((value, at) => {
          const [row, column] = [Math.floor(at / side), at % side];
          return Math.max(Math.abs(row - 4), Math.abs(column - 4)) <= 1 ? value : 0;
        });
        const y = tf.tensor2d(values, [side, side]);
        const back = tf.grad((x) => tf.sum(tf.mul(shift(dx, dy)(x as Tensor), y)))(tf.zeros([side, side]));
        expect(relativeError(valuesOf(back), valuesOf(shift(-dx, -dy)(y)))).toBeLessThan(1e-5);
      }),
      { numRuns: 30 },
    );
  });

  it('of illumination and Fourier transform', () => {
    fc.assert(
      fc.property(fc.constantFrom(4, 7, 16), fc.nat(), (N, seed) => {
        const probe = { re: noise(N * N, seed, 'probe re'), im: noise(N * N, seed, 'probe im') };
        const diffraction = createDiffraction(tf, N, probe);
        expectAdjoint((patches) => diffraction.farField(patches), [3, 2, N, N], seed);
        diffraction.dispose();
      }),
      { numRuns: 20 },
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

  const geometryOf = (relative: readonly number[], weighting: PatchWeighting, seed: number) => {
    const probe = noise(N * N, seed, 'probe').map((value) => value * value);
    return groupGeometry(tf, { N, C, M, weighting, probeIntensity: probe }, Float32Array.from(relative));
  };
  const [patchShape, canvasShape] = [
    [b, 2, C, N, N],
    [b, 2, M, M],
  ];

  it('have the gradients that are the adjoints of their linear maps', () => {
    fc.assert(
      fc.property(relatives, weightings, fc.nat(), (relative, weighting, seed) => {
        const geometry = geometryOf(relative, weighting, seed);
        expectAdjoint((x) => merge(tf, x, geometry), patchShape, seed);
        expectAdjoint((x) => extract(tf, x, geometry), canvasShape, seed);
        expectAdjoint((x) => extract(tf, merge(tf, x, geometry), geometry), patchShape, seed);
      }),
      { numRuns: 20 },
    );
  });

  it('equal their definition', () => {
    fc.assert(
      fc.property(relatives, weightings, fc.nat(), (relative, weighting, seed) => {
        const probe = noise(N * N, seed, 'probe').map((value) => value * value);
        const geometry = geometryOf(relative, weighting, seed);
        const patches = noise(b * 2 * C * N * N, seed, 'patches');
        const canvas = merge(tf, tf.tensor(patches, patchShape), geometry);
        const cut = valuesOf(extract(tf, canvas, geometry));
        for (let image = 0; image < 2 * b; image++) {
          const group = Math.floor(image / 2);
          const members = Array.from({ length: C }, (_, c) =>
            patches.subarray((image * C + c) * N * N, (image * C + c + 1) * N * N),
          );
          const expected = mergedAndCut(
            members,
            Float32Array.from(relative).subarray(group * C * 2, (group + 1) * C * 2),
            { N, M, weighting, probeIntensity: probe },
          );
          const flat = expected.patches.flatMap((patch) => [...patch]);
          const actual = cut.subarray(image * C * N * N, (image + 1) * C * N * N);
          // Where the weight is small, its rounding to float32 counts many times.
          expect(relativeError(actual, flat)).toBeLessThan(weighting === 'central_mask' ? 1e-4 : 1e-3);
        }
      }),
      { numRuns: 15 },
    );
  });

  const permutations = fc.shuffledSubarray([0, 1, 2, 3], { minLength: C, maxLength: C });

  it('do not feel the order of members: the canvas stays, the patches follow', () => {
    fc.assert(
      fc.property(relatives, weightings, permutations, fc.nat(), (relative, weighting, order, seed) => {
        const turned = Array.from({ length: b }, (_, group) =>
          order.flatMap((c) => relative.slice((group * C + c) * 2, (group * C + c + 1) * 2)),
        ).flat();
        const patches = tf.tensor(noise(b * 2 * C * N * N, seed, 'patches'), patchShape);
        const gather = (x: Tensor) => tf.gather(x, order, 2);
        const [before, after] = [relative, turned].map((offsets) => geometryOf(offsets, weighting, seed));
        const canvas = merge(tf, patches, before!);
        const canvasAfter = merge(tf, gather(patches), after!);
        const limit = weighting === 'central_mask' ? 1e-4 : 1e-3;
        expect(relativeError(valuesOf(canvasAfter), valuesOf(canvas))).toBeLessThan(limit);
        const cut = gather(extract(tf, canvas, before!));
        expect(relativeError(valuesOf(extract(tf, canvasAfter, after!)), valuesOf(cut))).toBeLessThan(limit);
      }),
      { numRuns: 20 },
    );
  });

  it('do not mix groups: in another order each gives the same', () => {
    fc.assert(
      fc.property(relatives, weightings, fc.nat(), (relative, weighting, seed) => {
        const patches = tf.tensor(noise(b * 2 * C * N * N, seed, 'patches'), patchShape);
        const turned = [...relative.slice(2 * C), ...relative.slice(0, 2 * C)];
        const canvas = merge(tf, patches, geometryOf(relative, weighting, seed));
        const swapped = merge(tf, tf.reverse(patches, 0), geometryOf(turned, weighting, seed));
        expect(relativeError(valuesOf(tf.reverse(swapped, 0)), valuesOf(canvas))).toBeLessThan(1e-6);
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
