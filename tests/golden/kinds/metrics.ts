import {
  amplitudeOf,
  amplitudeScale,
  cropComplex,
  cropToScanBox,
  evalReconstruction,
  fourierRingCorrelation,
  fourierShift,
  fromInterleaved,
  multiScaleSimilarity,
  phaseOf,
  pixelErrors,
  registerShift,
  structuralSimilarity,
  toInterleaved,
  type ComplexImage,
} from '@ptychofleet/imaging';
import { gaussianSmooth } from '../../../libs/imaging/src/gaussian.ts';
import { withoutTrend } from '../../../libs/imaging/src/plane-fit.ts';
import { nearest, relativeDifference, type Checks } from '../comparison.ts';
import type { GoldenFile } from '../golden-file.ts';
import type { GoldenKind } from '../kind.ts';
import { tolerances } from '../tolerances.ts';

/** Quality metrics of image pairs, registration and the crop to the scan box (inference spec §6–§8). */
export const metrics: GoldenKind = {
  name: 'metrics',
  signature: '<pair>_gt and <pair>_rec, or al_gt_full and al_rec',
  matches: (file) => pairsOf(file).length > 0 || file.has('al_gt_full', 'al_rec'),
  check(file, checks) {
    for (const pair of pairsOf(file)) {
      const truth = imageOf(file, `${pair}_gt`);
      const reconstruction = imageOf(file, `${pair}_rec`);
      for (const trend of ['plane', 'mean'] as const) {
        if (file.has(`${pair}_${trend}_mae_f64`))
          checkTrend(file, checks, pair, truth, reconstruction, trend);
      }
      checkHelpers(file, checks, pair, truth, reconstruction);
      if (file.has(`${pair}_reg_offset_f64`)) checkRegistration(checks, pair, truth, reconstruction);
    }
    if (file.has('al_gt_full', 'al_rec')) checkScanBox(file, checks);
  },
};

function pairsOf(file: GoldenFile): string[] {
  return file.captures(/^(.+)_gt$/).flatMap(([pair]) => (file.has(`${pair}_rec`) ? [pair] : []));
}

export function imageOf(file: GoldenFile, key: string): ComplexImage {
  const [height, width] = file.shapeOf(key, 2);
  return fromInterleaved(height, width, file.f32(key));
}

const metricKeys = [
  ['mae', 'mae'],
  ['mse', 'mse'],
  ['psnr', 'psnr'],
  ['ssim', 'ssim'],
  ['msSsim', 'ms_ssim'],
  ['frc50', 'frc50'],
  ['frc1over7', 'frc1over7'],
] as const;

function checkTrend(
  file: GoldenFile,
  checks: Checks,
  pair: string,
  truth: ComplexImage,
  reconstruction: ComplexImage,
  trend: 'plane' | 'mean',
): void {
  const { amplitude, phase } = evalReconstruction(reconstruction, truth, trend);
  for (const [ours, theirs] of metricKeys) {
    const key = `${pair}_${trend}_${theirs}_f64`;
    if (file.has(key)) checks.array(key, [amplitude[ours], phase[ours]], tolerances.metric);
  }
  const curve = (quantity: string) => `${pair}_${trend}_frc_${quantity}_f64`;
  if (file.has(curve('amp'))) checks.array(curve('amp'), amplitude.frc, tolerances.ringCorrelation);
  // Ring 0 of a phase whose mean is gone is 0/0.
  const rings = { where: (ring: number) => ring > 0 };
  if (file.has(curve('phase'))) checks.array(curve('phase'), phase.frc, tolerances.ringCorrelation, rings);
}

function checkHelpers(
  file: GoldenFile,
  checks: Checks,
  pair: string,
  truth: ComplexImage,
  reconstruction: ComplexImage,
): void {
  const [t, p] = [amplitudeOf(truth), amplitudeOf(reconstruction)];
  const scale = amplitudeScale(reconstruction, truth);
  const errors = pixelErrors(t, { ...p, values: Float64Array.from(p.values, (value) => scale * value) });
  const scalars: Readonly<Record<string, () => number>> = {
    psnr_amp_norm_f64: () => errors.psnr,
    mae_norm_f64: () => errors.mae,
    mse_norm_f64: () => errors.mse,
    msssim_sigma0_f64: () => multiScaleSimilarity(t, p, 0),
  };
  for (const [name, value] of Object.entries(scalars)) {
    if (file.has(`${pair}_${name}`)) checks.scalar(`${pair}_${name}`, value(), tolerances.metric);
  }
  const smooth = `${pair}_frc_sigma1_f64`;
  if (file.has(smooth))
    checks.array(smooth, gaussianSmooth(fourierRingCorrelation(t, p), 1), tolerances.metric);
  const flat = `${pair}_plane_removed`;
  if (file.has(flat))
    checks.array(flat, withoutTrend(phaseOf(reconstruction), 'plane').values, tolerances.metric);
  if (file.has('ssim_same_f64'))
    checks.scalar('ssim_same_f64', structuralSimilarity(t, t, 1), tolerances.metric);
}

/** Pixels cut from every side after a registration (inference spec §6). */
const border = 2;

function checkRegistration(
  checks: Checks,
  pair: string,
  truth: ComplexImage,
  reconstruction: ComplexImage,
): void {
  const shift = registerShift(truth, reconstruction);
  checks.array(`${pair}_reg_offset_f64`, [shift.dy, shift.dx], tolerances.coordinates);
  const { height, width } = reconstruction;
  const inner = { top: border, left: border, height: height - 2 * border, width: width - 2 * border };
  const moved = cropComplex(fourierShift(reconstruction, shift), inner);
  checks.array(`${pair}_reg_aligned`, toInterleaved(moved), tolerances.metric);
}

/** The file does not tell the side of a patch, but the size of what is left does. */
function checkScanBox(file: GoldenFile, checks: Checks): void {
  const yx = file.numbers('al_coords_yx_f64');
  const positions = Float64Array.from(yx, (_, i) => yx[i ^ 1]);
  const [reconstruction, truth] = [imageOf(file, 'al_rec'), imageOf(file, 'al_gt_full')];
  const expected = file.numbers('al_out_gt');
  const { side, cut } = nearest(
    patchSides.map((side) => () => ({ side, cut: cropToScanBox(reconstruction, truth, positions, side) })),
    (candidate) => relativeDifference(toInterleaved(candidate.cut.truth), expected),
    0,
  );
  checks.setting(`al: patches of ${side} px`);
  checks.array('al_out_rec', toInterleaved(cut.reconstruction), tolerances.whole);
  checks.array('al_out_gt', toInterleaved(cut.truth), tolerances.whole);
}

const patchSides = [20, ...Array.from({ length: 64 }, (_, i) => 2 * (i + 1))];
