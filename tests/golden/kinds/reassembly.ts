import {
  canvasSide,
  extract,
  groupGeometry,
  merge,
  type GroupGeometry,
  type PatchWeighting,
} from '../../../libs/compute/src/reassembly.ts';
import { tensorflow, type Tensor } from '../../../libs/compute/src/runtime.ts';
import { probeIntensity } from '../../../libs/compute/src/probe.ts';
import type { Checks } from '../comparison.ts';
import type { GoldenFile } from '../golden-file.ts';
import { kerasMerge } from '../keras-merge.ts';
import type { GoldenKind } from '../kind.ts';
import { interleaved, planesOf, tensorOf, valuesOf } from '../tensors.ts';
import { tolerances } from '../tolerances.ts';

/** Merge of a group's patches and extraction from the merged canvas (model spec §6). */
export const reassembly: GoldenKind = {
  name: 'merge and extraction',
  signature: 'obj, rel_xy and merged_<weighting> or extracted',
  matches: (file) =>
    file.has('obj', 'rel_xy') && (file.has('extracted') || file.captures(/^merged_(.+)$/).length > 0),
  check(file, checks) {
    const setting = settingOf(file);
    checks.scalar('padded_size', setting.M, tolerances.whole);
    for (const weighting of ['central_mask', 'probe', 'uniform'] as const)
      if (file.has(`merged_${weighting}`)) checkMerge(file, checks, setting, weighting);
    if (file.has('extracted')) checkExtraction(file, checks, setting);
    if (file.has('tf_big')) checkOtherBackEnd(file, checks, setting);
  },
};

interface Setting {
  readonly C: number;
  readonly N: number;
  readonly M: number;
  readonly relative: Float32Array;
  /** (b, 2, C, N, N) */
  readonly patches: Tensor;
  geometry(weighting: PatchWeighting): GroupGeometry;
}

function settingOf(file: GoldenFile): Setting {
  const tf = tensorflow();
  const [b, C, N] = file.shapeOf('obj', 4);
  const M = canvasSide(N, Math.sqrt(C), file.scalar('max_neighbor_distance'));
  const relative = file.f32('rel_xy');
  const patches = tf.transpose(tf.reshape(planesOf(file, 'obj'), [b, C, 2, N, N]), [0, 2, 1, 3, 4]);
  return {
    C,
    N,
    M,
    relative,
    patches,
    geometry(weighting) {
      const probe =
        weighting === 'probe' ? file.complex('probe') : { re: new Float32Array(), im: new Float32Array() };
      const plan = { N, C, M, weighting, probeIntensity: probeIntensity(N, probe.re, probe.im) };
      return groupGeometry(tf, plan, relative);
    },
  };
}

function checkMerge(file: GoldenFile, checks: Checks, setting: Setting, weighting: PatchWeighting): void {
  const geometry = setting.geometry(weighting);
  const ours = interleaved(merge(tensorflow(), setting.patches, geometry));
  const weights = valuesOf(geometry.normaliser).map((inverse) => (inverse > 0 ? 1 / inverse : 0));
  const largest = weights.reduce((a, b) => Math.max(a, b), 0);
  const heavier = (share: number) => (pixel: number) => weights[pixel] > share * largest;
  const key = `merged_${weighting}`;
  const inside = { where: (i: number) => heavier(0.01)(i >> 1), name: `${key} inside` };
  checks.array(key, ours, tolerances.forward, inside);
  // Under `probe` the reference takes the threshold from the whole batch, where we take each group's own, since results
  // may not depend on what else is in a batch. Between the two thresholds there is nothing to compare.
  const comparable = (pixel: number) => weighting !== 'probe' || weights[pixel] === 0 || heavier(1e-5)(pixel);
  checks.array(key, ours, tolerances.overWeight, { where: (i) => comparable(i >> 1) });
  const mask = `mask_${weighting === 'central_mask' ? 'central' : weighting}`;
  const lit = weights.map((weight) => (weight > 0 ? 1 : 0));
  if (file.has(mask)) checks.array(mask, lit, tolerances.whole, { where: comparable });
}

function checkExtraction(file: GoldenFile, checks: Checks, setting: Setting): void {
  const tf = tensorflow();
  const { N, patches } = setting;
  const geometry = setting.geometry('central_mask');
  const roundTrip = (x: Tensor) => extract(tf, merge(tf, x, geometry), geometry);
  const members = (x: Tensor) => tf.reshape(tf.transpose(x, [0, 2, 1, 3, 4]), [-1, 2, N, N]);
  checks.array('extracted', interleaved(members(roundTrip(patches))), tolerances.overWeight);
  if (!file.has('wr', 'wi')) return;
  const weights = tf.stack([tensorOf(file, 'wr'), tensorOf(file, 'wi')], 1);
  const slope = tf.grad((x) => tf.sum(tf.mul(roundTrip(x as Tensor), weights)))(patches);
  const [re, im] = tf.unstack(members(slope), 1);
  checks.array('grad_re', valuesOf(re), tolerances.gradient);
  checks.array('grad_im', valuesOf(im), tolerances.gradient);
}

function checkOtherBackEnd(file: GoldenFile, checks: Checks, { N, relative, patches }: Setting): void {
  const tf = tensorflow();
  const { canvas, cut } = kerasMerge(patches, relative, file.scalar('tf_padded_size'));
  checks.array('tf_big', interleaved(canvas), tolerances.overWeight);
  if (!file.has('tf_extracted_flat')) return;
  const members = tf.reshape(tf.transpose(cut(), [0, 2, 1, 3, 4]), [-1, 2, N, N]);
  checks.array('tf_extracted_flat', interleaved(members), tolerances.overWeight);
}
