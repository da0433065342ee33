import { describe, expect, it } from 'vitest';
import { gaussianSmooth } from './gaussian.ts';
import {
  amplitudeOf,
  amplitudeScale,
  cropComplex,
  cropToScanBox,
  evalReconstruction,
  fourierRingCorrelation,
  fourierShift,
  multiScaleSimilarity,
  phaseOf,
  pixelErrors,
  registerShift,
  structuralSimilarity,
  toInterleaved,
} from './index.ts';
import { describeGolden, relativeDifference } from './golden.test-support.ts';
import { withoutTrend } from './plane-fit.ts';

const metricKeys = [
  ['mae', 'mae', 1e-5],
  ['mse', 'mse', 1e-5],
  ['psnr', 'psnr', 1e-6],
  ['ssim', 'ssim', 1e-5],
  ['msSsim', 'ms_ssim', 1e-5],
  ['frc50', 'frc50', 1e-5],
  ['frc1over7', 'frc1over7', 1e-5],
] as const;

describeGolden('metrics of the published code', ['metrics.npz'], (golden) => {
  describe.each(['a', 'b'])('image pair %s', (pair) => {
    const truth = golden.image(`${pair}_gt`);
    const rec = golden.image(`${pair}_rec`);

    describe.each(['plane', 'mean'] as const)('phase trend %s', (trend) => {
      const { amplitude, phase } = evalReconstruction(rec, truth, trend);

      it.each(metricKeys)('%s', (ours, theirs, tolerance) => {
        const expected = golden.numbers(`${pair}_${trend}_${theirs}_f64`);
        expect(relativeDifference([amplitude[ours], phase[ours]], expected)).toBeLessThan(tolerance);
      });

      it('Fourier ring correlation; ring 0 of a phase is noise', () => {
        const curve = (quantity: string) => golden.numbers(`${pair}_${trend}_frc_${quantity}_f64`);
        // the published transforms are float32, which shows where a ring holds almost no power
        expect(relativeDifference(amplitude.frc, curve('amp'))).toBeLessThan(3e-4);
        expect(relativeDifference(phase.frc.subarray(1), curve('phase').subarray(1))).toBeLessThan(3e-4);
      });
    });

    it('registration and Fourier shift', () => {
      const shift = registerShift(truth, rec);
      const [dy, dx] = golden.numbers(`${pair}_reg_offset_f64`);
      expect(shift.dy).toBeCloseTo(dy, 6);
      expect(shift.dx).toBeCloseTo(dx, 6);
      const inner = { top: 2, left: 2, height: rec.height - 4, width: rec.width - 4 };
      const moved = toInterleaved(cropComplex(fourierShift(rec, shift), inner));
      expect(relativeDifference(moved, golden.complex(`${pair}_reg_aligned`))).toBeLessThan(1e-6);
    });

    it('stand-alone helpers', () => {
      const [t, p] = [amplitudeOf(truth), amplitudeOf(rec)];
      const scale = amplitudeScale(rec, truth);
      const matched = { ...p, values: Float64Array.from(p.values, (value) => scale * value) };
      const { mae, mse, psnr } = pixelErrors(t, matched);
      expect(mae / golden.scalar(`${pair}_mae_norm_f64`)).toBeCloseTo(1, 6);
      expect(mse / golden.scalar(`${pair}_mse_norm_f64`)).toBeCloseTo(1, 6);
      expect(psnr).toBeCloseTo(golden.scalar(`${pair}_psnr_amp_norm_f64`), 5);
      expect(multiScaleSimilarity(t, p, 0)).toBeCloseTo(golden.scalar(`${pair}_msssim_sigma0_f64`), 6);
      expect(structuralSimilarity(t, t, 1)).toBe(golden.scalar('ssim_same_f64'));
      const smooth = gaussianSmooth(fourierRingCorrelation(t, p), 1);
      expect(relativeDifference(smooth, golden.numbers(`${pair}_frc_sigma1_f64`))).toBeLessThan(1e-5);
      const flat = withoutTrend(phaseOf(rec), 'plane').values;
      expect(relativeDifference(flat, golden.numbers(`${pair}_plane_removed`))).toBeLessThan(1e-6);
    });
  });

  it('crop to the scan box cuts the same pixels', () => {
    const yx = golden.numbers('al_coords_yx_f64');
    const positions = Float64Array.from(yx, (_, i) => yx[i ^ 1]);
    const cut = cropToScanBox(golden.image('al_rec'), golden.image('al_gt_full'), positions, 20);
    expect(toInterleaved(cut.reconstruction)).toEqual(golden.complex('al_out_rec'));
    expect(toInterleaved(cut.truth)).toEqual(golden.complex('al_out_gt'));
  });
});
