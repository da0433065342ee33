import {
  BarycentricStitcher,
  centralCrops,
  shiftAndSum,
  ShiftAndSumStitcher,
  stitchBarycentric,
  toInterleaved,
  type PatchStack,
} from '@ptychofleet/imaging';
import type { Checks } from '../comparison.ts';
import type { GoldenFile } from '../golden-file.ts';
import type { GoldenKind } from '../kind.ts';
import { tolerances } from '../tolerances.ts';

/** Patches put together on a canvas (inference spec §3, §4). */
export const stitching: GoldenKind = {
  name: 'stitching',
  signature: 'patches and xy',
  matches: (file) => file.has('patches', 'xy'),
  check(file, checks) {
    const [count, side] = file.shapeOf('patches', 3);
    const patches = { count, side, values: Float32Array.from(file.numbers('patches')) };
    const positions = file.numbers('xy');
    checkShiftAndSum(file, checks, patches, positions);
    if (file.has('middle')) checkBarycentric(file, checks, patches, positions);
  },
};

function checkShiftAndSum(
  file: GoldenFile,
  checks: Checks,
  patches: PatchStack,
  positions: Float64Array,
): void {
  for (const [crop] of file.captures(/^tf_reassemble_position_M(\d+)$/)) {
    const { image } = shiftAndSum(patches, positions, Number(crop));
    checks.array(`tf_reassemble_position_M${crop}`, toInterleaved(image), tolerances.canvas);
  }
  if (!file.has('crop_route')) return;
  // The other back end was fed mirrored positions (golden read-me); the margin follows from them, the crop is the rest.
  const mirrored = positions.map((value) => -value);
  const size = file.scalar('crop_route_size');
  const crop = size - (new ShiftAndSumStitcher(mirrored, 2).side - 2);
  const { image, lit } = shiftAndSum(patches, mirrored, crop);
  checks.array('crop_route', toInterleaved(image), tolerances.canvas);
  if (file.has('crop_route_mask')) checks.array('crop_route_mask', lit, tolerances.whole);
}

function checkBarycentric(
  file: GoldenFile,
  checks: Checks,
  patches: PatchStack,
  positions: Float64Array,
): void {
  const middle = file.scalar('middle');
  const crops = centralCrops(patches, middle).values;
  const probe = file.has('probe_mag_sq') ? file.numbers('probe_mag_sq') : null;
  const sumOn = (shape: ArrayLike<number>, at: ArrayLike<number>, weights: Float64Array | null) => {
    const stitcher = new BarycentricStitcher({ height: shape[0], width: shape[1], middle, weights });
    for (let i = 0; i < patches.count; i++) stitcher.add(i, at[2 * i], at[2 * i + 1], crops, i);
    return stitcher;
  };
  const complexSum = ({ sum }: BarycentricStitcher) =>
    Float64Array.from({ length: 2 * sum.re.length }, (_, i) => (i % 2 === 0 ? sum.re : sum.im)[i >> 1]);

  for (const [name, weights] of [
    ['probe', probe],
    ['uniform', null],
  ] as const) {
    const key = `bary_${name}_canvas`;
    if (!file.has(key)) continue;
    const { canvas, skipped } = stitchBarycentric(patches, positions, middle, weights);
    checks.values(`${key}: patches left out`, [skipped], [0], tolerances.whole);
    checks.array(key, toInterleaved(canvas.image), tolerances.canvas);
    if (name === 'probe') checkGeometry(checks, positions, canvas);
    const { sum } = sumOn(file.numbers('canvas_shape'), file.numbers('positions_px'), weights);
    if (file.has(`bary_${name}_weights`))
      checks.array(`bary_${name}_weights`, sum.weights, tolerances.forward);
  }
  if (file.has('bary_plain_sum')) {
    const plain = sumOn(file.numbers('canvas_shape'), file.numbers('positions_px'), null);
    checks.array('bary_plain_sum', complexSum(plain), tolerances.forward);
    checks.array('bary_plain_counts', plain.sum.weights, tolerances.forward);
  }
  if (file.has('drop_canvas_shape')) {
    const tight = sumOn(file.numbers('drop_canvas_shape'), file.numbers('drop_positions'), probe);
    checks.scalar('drop_accepted', patches.count - tight.skipped, tolerances.whole);
    checks.scalar('drop_total', patches.count, tolerances.whole);
    checks.array('drop_weights', tight.sum.weights, tolerances.forward);
  }
  if (file.has('single_channel_sum')) {
    const shape = file.shape('single_channel_sum');
    const com = file.numbers('com');
    const centred = positions.map((value, i) => value - com[i % 2] + shape[1 - (i % 2)] / 2);
    const { sum } = sumOn(shape, centred, null);
    checks.array('single_channel_sum', complexSum({ sum } as BarycentricStitcher), tolerances.canvas);
    const ones = Float64Array.from({ length: 2 * sum.re.length }, (_, i) =>
      i % 2 === 0 ? sum.weights[i >> 1] : 0,
    );
    checks.array('single_channel_ones', ones, tolerances.canvas);
  }
}

/** Mean position, size of the canvas and where every patch lies on it. */
function checkGeometry(
  checks: Checks,
  positions: Float64Array,
  { image, originX, originY }: ReturnType<typeof stitchBarycentric>['canvas'],
): void {
  checks.array('canvas_shape', [image.height, image.width], tolerances.whole);
  checks.array('com', [originX + image.width / 2, originY + image.height / 2], tolerances.pixels);
  const placed = positions.map((value, i) => value - (i % 2 === 0 ? originX : originY));
  checks.array('positions_px', placed, tolerances.pixels);
}
