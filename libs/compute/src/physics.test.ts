import { describe, expect, it } from 'vitest';
import { createDiffraction } from './diffraction.ts';
import {
  goldenPath,
  modelWith,
  readGolden,
  relativeError,
  transposed,
  type Golden,
} from './golden.test-support.ts';
import { createLosses } from './loss.ts';
import { illumination, softMask } from './probe.ts';
import { canvasSide, extract, groupGeometry, merge, type PatchWeighting } from './reassembly.ts';
import { tensorflow, type Tensor } from './runtime.ts';
import { translationMatrix } from './translation.ts';

const tf = tensorflow();
const valuesOf = (tensor: Tensor) => tensor.dataSync<'float32'>() as Float32Array;

/** Real and imaginary planes of a complex golden array, (n, 2, side, side). */
function planes(golden: Golden, key: string, n: number, side: number): Tensor {
  const { re, im } = golden.complex(key);
  return tf.stack([tf.tensor(re, [n, side, side]), tf.tensor(im, [n, side, side])], 1);
}

describe.skipIf(goldenPath('diffraction') === null)('diffraction against diffraction.npz', () => {
  const fieldOf = (golden: Golden, key: string, N: number) => {
    const { re, im } = golden.complex(key);
    const model = { ...modelWith({ probeScale: 1 }), N: N as 64 };
    return illumination(model, re, im);
  };

  it.each(['a', 'b', 'odd'])('amplitude and gradient of case %s', (tag) => {
    const golden = readGolden('diffraction');
    const [B, C, N] = golden.shape(`${tag}_obj`) as [number, number, number];
    const diffraction = createDiffraction(tf, N, fieldOf(golden, `${tag}_probe`, N));
    const w = tf.tensor(transposed(golden.f32(`${tag}_w`), N), [B * C, N, N]);
    const amplitude = (object: Tensor) => diffraction.amplitude(diffraction.farField(object));
    const object = planes(golden, `${tag}_obj`, B * C, N);
    const actual = transposed(valuesOf(amplitude(object)), N);
    expect(relativeError(actual, golden.f32(`${tag}_amp`))).toBeLessThan(1e-5);
    const gradient = tf.grad((x) => tf.sum(tf.mul(amplitude(x as Tensor), w)))(object);
    const [re, im] = tf.unstack(gradient, 1) as [Tensor, Tensor];
    expect(relativeError(valuesOf(re), golden.f32(`${tag}_grad_re`))).toBeLessThan(1e-4);
    expect(relativeError(valuesOf(im), golden.f32(`${tag}_grad_im`))).toBeLessThan(1e-4);
  });

  it('adds probe modes coherently', () => {
    const golden = readGolden('diffraction');
    const [n, , N] = golden.shape('modes_obj') as [number, number, number];
    const diffraction = createDiffraction(tf, N, fieldOf(golden, 'modes_probe', N));
    const amplitude = valuesOf(
      diffraction.amplitude(diffraction.farField(planes(golden, 'modes_obj', n, N))),
    );
    expect(relativeError(transposed(amplitude, N), golden.f32('modes_coherent_amp'))).toBeLessThan(1e-5);
  });
});

describe.skipIf(goldenPath('losses') === null)('losses against losses.npz', () => {
  const golden = goldenPath('losses') === null ? null : readGolden('losses');

  /** A far field whose modulus is the golden prediction, with the target in the same (here arbitrary) orientation. */
  function setting(file: Golden) {
    const N = 16;
    const S = file.scalar('physics_scale');
    const pred = file.f32('pred');
    const field = tf.stack([tf.tensor(pred, [4, N, N]), tf.zeros([4, N, N])], 2);
    const target = tf.mul(tf.tensor(file.f32('obs'), [4, N, N]), S);
    const losses = createLosses(
      tf,
      createDiffraction(tf, N, { re: new Float32Array(N * N), im: new Float32Array(N * N) }),
      S,
    );
    return { N, S, pred, field, target, losses };
  }

  it('Poisson: value up to the constant of the data, and gradient', () => {
    const file = golden as Golden;
    const { pred, field, target, losses, S } = setting(file);
    const actual = valuesOf(losses.poissonDeviance(field, target));
    const obs = file.f64('obs');
    // An independent double-precision deviance from the definition.
    const expected = Array.from({ length: 4 }, (_, sample) => {
      let sum = 0;
      for (let i = sample * 256; i < (sample + 1) * 256; i++) {
        const lam = (S * (pred[i] as number)) ** 2;
        const k = (S * (obs[i] as number)) ** 2;
        sum += lam - k + (k > 0 ? k * Math.log(k / lam) : 0);
      }
      return sum;
    });
    expect(relativeError(actual, expected)).toBeLessThan(1e-5);
    const share = 1 / (4 * file.scalar('norm'));
    const gradient = tf.grad((x) => tf.sum(tf.mul(losses.poissonDeviance(x as Tensor, target), share)))(
      field,
    );
    const radial = valuesOf(tf.unstack(gradient, 2)[0] as Tensor);
    expect(relativeError(radial, file.f32('poisson_grad'))).toBeLessThan(1e-4);
  });

  it('MAE: value and gradient', () => {
    const file = golden as Golden;
    const { field, target, losses } = setting(file);
    const share = 1 / (4 * 256 * file.scalar('norm'));
    const loss = valuesOf(losses.absoluteError(field, target)).reduce((a, b) => a + b, 0) * share;
    expect(Math.abs(loss / file.scalar('mae_loss') - 1)).toBeLessThan(1e-5);
    const gradient = tf.grad((x) => tf.sum(tf.mul(losses.absoluteError(x as Tensor, target), share)))(field);
    const radial = valuesOf(tf.unstack(gradient, 2)[0] as Tensor);
    expect(relativeError(radial, file.f32('mae_grad'))).toBeLessThan(1e-4);
  });

  it('MAE with the prediction rescaled to the energy of the observation', () => {
    const file = golden as Golden;
    const { S, field, target, losses } = setting(file);
    const matched = file.f64('l2match_pred');
    const obs = file.f64('obs');
    const expected = Array.from({ length: 4 }, (_, sample) => {
      let sum = 0;
      for (let i = sample * 256; i < (sample + 1) * 256; i++) {
        sum += S * Math.abs((matched[i] as number) - (obs[i] as number));
      }
      return sum;
    });
    expect(relativeError(valuesOf(losses.absoluteError(field, target, 1)), expected)).toBeLessThan(1e-5);
  });
});

describe.skipIf(goldenPath('translation') === null)('translation against translation.npz', () => {
  it('moves content by +d and its transpose is the gradient', () => {
    const golden = readGolden('translation');
    const [n, side] = golden.shape('img') as [number, number];
    const offsets = golden.f32('offset_xy');
    const matrices = (axis: number) =>
      tf.stack(
        Array.from({ length: n }, (_, i) =>
          tf.tensor2d(translationMatrix(side, side, 0, offsets[2 * i + axis] as number), [side, side]),
        ),
      );
    const rows = matrices(1);
    const columns = matrices(0);
    const shift = (plane: Tensor) => tf.matMul(tf.matMul(rows, plane), columns, false, true);
    for (const part of ['re', 'im'] as const) {
      const image = tf.tensor(golden.complex('img')[part], [n, side, side]);
      expect(relativeError(valuesOf(shift(image)), golden.complex('out_torch')[part])).toBeLessThan(1e-5);
      const w = tf.tensor(golden.f32(part === 're' ? 'wr' : 'wi'), [n, side, side]);
      const adjoint = tf.grad((x) => tf.sum(tf.mul(shift(x as Tensor), w)))(image);
      expect(relativeError(valuesOf(adjoint), golden.f32(`grad_${part}`))).toBeLessThan(1e-4);
    }
  });
});

describe.skipIf(goldenPath('reassembly') === null)('merge and extraction against reassembly.npz', () => {
  function setting(weighting: PatchWeighting) {
    const golden = readGolden('reassembly');
    const [b, C, N] = golden.shape('obj') as [number, number, number];
    const M = canvasSide(N, 2, golden.scalar('max_neighbor_distance'));
    const { re, im } = golden.complex('probe');
    const probeIntensity = re.map((value, i) => value * value + (im[i] as number) ** 2);
    const geometry = groupGeometry(tf, { N, C, M, weighting, probeIntensity }, golden.f32('rel_xy'));
    const patches = tf.transpose(
      tf.reshape(planes(golden, 'obj', b * C, N), [b, C, 2, N, N]),
      [0, 2, 1, 3, 4],
    );
    return { golden, b, C, N, M, geometry, patches };
  }
  const split = (stacked: Tensor) =>
    tf.unstack(stacked, 1).map((part) => valuesOf(part)) as [Float32Array, Float32Array];

  it.each(['central_mask', 'probe', 'uniform'] as const)('merges with weighting %s', (weighting) => {
    const { golden, M, geometry, patches } = setting(weighting);
    expect(M).toBe(golden.scalar('padded_size'));
    const [re, im] = split(merge(tf, patches, geometry));
    const expected = golden.complex(`merged_${weighting}`);
    const weights = valuesOf(geometry.normaliser).map((inverse) => (inverse > 0 ? 1 / inverse : 0));
    const largest = Math.max(...weights);
    const lit = weights.map((weight) => (weight > 0.01 * largest ? 1 : 0));
    const where = (mask: Float32Array, values: Float32Array) =>
      values.map((value, i) => value * (mask[i] as number));
    expect(relativeError(where(lit, re), where(lit, expected.re))).toBeLessThan(1e-5);
    expect(relativeError(where(lit, im), where(lit, expected.im))).toBeLessThan(1e-5);
    // A small weight magnifies the reference's rounding of positions, and its `probe` threshold hangs on the whole batch.
    const dim = weights.map((weight) => (weighting !== 'probe' || weight > 1e-5 * largest ? 1 : 0));
    expect(relativeError(where(dim, re), where(dim, expected.re))).toBeLessThan(1e-4);
    expect(relativeError(where(dim, im), where(dim, expected.im))).toBeLessThan(1e-4);
  });

  it('cuts the patches out again, with the gradient of both', () => {
    const { golden, b, C, N, geometry, patches } = setting('central_mask');
    const roundTrip = (x: Tensor) => extract(tf, merge(tf, x, geometry), geometry);
    const [re, im] = split(roundTrip(patches));
    const expected = golden.complex('extracted');
    expect(relativeError(re, expected.re)).toBeLessThan(1e-4);
    expect(relativeError(im, expected.im)).toBeLessThan(1e-4);
    const weights = ['wr', 'wi'].map((key) => tf.tensor(golden.f32(key), [b, C, N, N]));
    const w = tf.stack(weights, 1);
    const [gradRe, gradIm] = split(tf.grad((x) => tf.sum(tf.mul(roundTrip(x as Tensor), w)))(patches));
    expect(relativeError(gradRe, golden.f32('grad_re'))).toBeLessThan(1e-4);
    expect(relativeError(gradIm, golden.f32('grad_im'))).toBeLessThan(1e-4);
  });
});

describe.skipIf(goldenPath('normalisation') === null)('probe mask against normalisation.npz', () => {
  it('reproduces the soft disks', () => {
    const golden = readGolden('normalisation');
    expect(relativeError(softMask(64, null, 1), golden.f32('soft_mask_64'))).toBeLessThan(1e-6);
    expect(relativeError(softMask(16, 10, 2), golden.f32('soft_mask_16_s2_d10'))).toBeLessThan(1e-6);
  });
});
