import { createDiffraction } from '../../../libs/compute/src/diffraction.ts';
import { createLosses } from '../../../libs/compute/src/loss.ts';
import type { ObjectMaps } from '../../../libs/compute/src/network.ts';
import { createObjectLosses } from '../../../libs/compute/src/object-loss.ts';
import { tensorflow, type Tensor } from '../../../libs/compute/src/runtime.ts';
import { stirlingRemainder } from '../../../libs/data/src/stirling.ts';
import { prepare } from '../bare-scan.ts';
import type { Checks } from '../comparison.ts';
import type { GoldenFile } from '../golden-file.ts';
import type { GoldenKind } from '../kind.ts';
import { blockSums, tensorOf, valuesOf } from '../tensors.ts';
import { tolerances } from '../tolerances.ts';

/** Loss functions on given amplitudes (model spec §9). */
export const losses: GoldenKind = {
  name: 'losses',
  signature: 'pred, obs and physics_scale without a network',
  matches: (file) => file.has('pred', 'obs', 'physics_scale') && !file.has('params_json'),
  check(file, checks) {
    const setting = settingOf(file);
    checkNorm(file, checks, setting);
    if (file.has('poisson_loss')) checkPoisson(file, checks, setting);
    if (file.has('mae_loss')) checkAbsolute(file, checks, setting);
    if (file.has('l2match_pred')) checkMatched(file, checks, setting);
    if (file.has('tf_nll_mean')) checkOtherBackEnd(file, checks, setting);
    if (file.has('ci_rate')) checkCounts(file, checks);
    if (file.has('reg_x', 'reg_tv')) checkVariation(file, checks);
    checks.leave(['reg_meandev'], 'the mean-deviation regulariser, off by default upstream, is not offered');
  },
};

interface Setting {
  readonly S: number;
  /** Patterns, and pixels of a pattern with all its channels. */
  readonly samples: number;
  readonly pixels: number;
  readonly pred: Float32Array;
  readonly obs: Float32Array;
}

function settingOf(file: GoldenFile): Setting {
  const [samples] = file.shape('pred');
  const pred = file.f32('pred');
  return {
    S: file.scalar('physics_scale'),
    samples,
    pixels: pred.length / samples,
    pred,
    obs: file.f32('obs'),
  };
}

/**
 * Our losses on given amplitudes. They take a far field; one with modulus |pred| and no imaginary part does, and its real
 * part is the direction of `pred`. Frames of one pixel make sums over a frame values of a pixel.
 */
function lossesOf(amplitude: Float32Array, observed: Float32Array, S: number, frame: number) {
  const tf = tensorflow();
  const side = Math.sqrt(frame);
  const nothing = new Float32Array(frame);
  const { poissonDeviance, absoluteError } = createLosses(
    tf,
    createDiffraction(tf, side, { re: nothing, im: nothing }),
    S,
  );
  const shape = [amplitude.length / frame, side, side];
  const real = tf.tensor(amplitude, shape);
  const field = tf.stack([real, tf.zerosLike(real)], 2);
  const target = tf.mul(tf.tensor(observed, shape), S);
  const values = { poisson: poissonDeviance, absolute: absoluteError };
  return {
    values: (name: keyof typeof values, ...more: number[]) => [
      ...valuesOf(values[name](field, target, ...more)),
    ],
    /** Slope of the sum of all values. */
    slope(name: keyof typeof values): Float32Array {
      const slope = tf.grad((x) => tf.sum(values[name](x as Tensor, target)))(field);
      return valuesOf(tf.unstack(slope, 2)[0]);
    },
  };
}

/** Σ over the pixels of each sample. Frames of one pixel suit any number of channels. */
function perSample(values: readonly number[], { samples }: { readonly samples: number }): number[] {
  return blockSums(values, values.length / samples);
}

function checkNorm(file: GoldenFile, checks: Checks, { obs }: Setting): void {
  if (file.has('norm'))
    checks.scalar('norm', obs.reduce((a, b) => a + b, 0) / obs.length + 1e-8, tolerances.scale32);
}

function checkPoisson(file: GoldenFile, checks: Checks, setting: Setting): void {
  const { S, pred, obs, samples } = setting;
  const share = 1 / (samples * file.scalar('norm'));
  const loss = lossesOf(pred, obs, S, 1);
  const N = file.shape('obs').at(-1) as number;
  const { lossConstant } = prepare({ diffraction: obs, N }, { scales: { amplitude: 1, physics: S } });
  const constants = perSample([...lossConstant], setting);
  const each = perSample(loss.values('poisson'), setting).map((value, i) => value + constants[i]);
  checks.array('poisson_per_sample_or_pixel', each, tolerances.lossMap);
  checks.scalar('poisson_loss', each.reduce((a, b) => a + b, 0) * share, tolerances.loss);
  checks.array(
    'poisson_grad',
    loss.slope('poisson').map((value) => value * share),
    tolerances.gradient,
  );
}

function checkAbsolute(file: GoldenFile, checks: Checks, { S, pred, obs, samples, pixels }: Setting): void {
  const share = 1 / (samples * pixels * file.scalar('norm'));
  const loss = lossesOf(pred, obs, S, 1);
  const each = loss.values('absolute');
  checks.array('mae_per_sample_or_pixel', each, tolerances.lossMap);
  checks.scalar('mae_loss', each.reduce((a, b) => a + b, 0) * share, tolerances.loss);
  checks.array(
    'mae_grad',
    loss.slope('absolute').map((value) => value * share),
    tolerances.gradient,
  );
}

/** The rescaled prediction shows in the error only, so the error is what is compared. */
function checkMatched(file: GoldenFile, checks: Checks, { S, pred, obs, pixels }: Setting): void {
  const [, channels] = file.shapeOf('pred', 4);
  const frame = pixels / channels;
  const ours = blockSums(lossesOf(pred, obs, S, frame).values('absolute', channels), channels);
  const errorOf = (rescaled: ArrayLike<number>) =>
    blockSums(
      Array.from(obs, (y, i) => S * Math.abs(rescaled[i] - y)),
      pixels,
    );
  const matched = file.numbers('l2match_pred');
  checks.values('error of l2match_pred', ours, errorOf(matched), tolerances.lossMap);
  if (!file.has('l2match_alpha')) return;
  const alpha = file.numbers('l2match_alpha');
  const rescaled = Array.from(pred, (value, i) => alpha[Math.floor(i / pixels)] * value);
  checks.values('error of l2match_alpha', ours, errorOf(rescaled), tolerances.lossMap);
}

/** λ - k ln λ as a mean over all pixels, with a slope against S·pred. */
function checkOtherBackEnd(file: GoldenFile, checks: Checks, { S, pred, obs }: Setting): void {
  const loss = lossesOf(pred, obs, S, 1);
  const pixels = loss.values('poisson').map((value, i) => {
    const k = (S * obs[i]) ** 2;
    return k > 0 ? value + k - k * Math.log(k) : value;
  });
  checks.array('tf_nll_pixels', pixels, tolerances.lossMap);
  checks.scalar('tf_nll_mean', mean(pixels), tolerances.loss);
  const slope = loss.slope('poisson').map((value) => value / (S * pred.length));
  checks.array('tf_nll_grad', slope, tolerances.gradient);
  if (file.has('tf_mae_mean')) checks.scalar('tf_mae_mean', mean(loss.values('absolute')), tolerances.loss);
}

/** The Poisson loss of counts against a rate is ours of their square roots; dL/drate = (dL/d√rate) / (2√rate). */
function checkCounts(file: GoldenFile, checks: Checks): void {
  const rate = file.numbers('ci_rate');
  const counts = file.numbers('ci_counts');
  const [samples] = file.shape('ci_rate');
  const root = (values: Float64Array) =>
    Float32Array.from(values, (value) => Math.sqrt(Math.max(value, 1e-8)));
  const loss = lossesOf(root(rate), Float32Array.from(counts, Math.sqrt), 1, 1);
  const each = perSample(
    loss.values('poisson').map((value, i) => value + stirlingRemainder(counts[i])),
    { samples },
  );
  checks.array('ci_per_sample', each, tolerances.lossMap);
  const slope = loss
    .slope('poisson')
    .map((value, i) => value / (2 * samples * Math.sqrt(Math.max(rate[i], 1e-8))));
  checks.array('ci_grad', slope, tolerances.gradient);
  if (!file.has('ci_normalised')) return;
  const meanCount = mean([...counts]);
  checks.array(
    'ci_normalised',
    each.map((value) => value / meanCount),
    tolerances.lossMap,
  );
}

/** Our total variation is that of real and imaginary part; a real object has no second part. */
function checkVariation(file: GoldenFile, checks: Checks): void {
  const tf = tensorflow();
  const [samples, , side] = file.shapeOf('reg_x', 4);
  const amplitude = tf.transpose(tensorOf(file, 'reg_x'), [0, 2, 3, 1]) as ObjectMaps['amplitude'];
  const maps = { amplitude, phase: tf.zerosLike(amplitude) };
  const perChannel = valuesOf(createObjectLosses(tf, side, true).totalVariation(maps));
  checks.array('reg_tv', perSample([...perChannel], { samples }), tolerances.lossMap);
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
