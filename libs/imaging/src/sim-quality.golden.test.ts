import { expect, it } from 'vitest';
import { compareToTruth, stitchTruePatches, toInterleaved } from './index.ts';
import { describeGolden, relativeDifference } from './golden.test-support.ts';

/** Amplitude, phase of the golden `sim` read-me's table, row `hash_s1_e40`, as printed there. */
const published = {
  test_same_object: {
    ssim: ['0.409', '0.919'],
    psnr: ['77.16', '62.38'],
    mae: ['0.0286', '0.1551'],
    msSsim: ['0.605', '0.623'],
    frc50: ['8.16', '13.87'],
    frc1over7: ['110.00', '21.81'],
  },
  test_other_object: {
    ssim: ['0.476', '0.916'],
    psnr: ['76.83', '60.87'],
    mae: ['0.0297', '0.1845'],
    msSsim: ['0.717', '0.644'],
    frc50: ['9.01', '1.39'],
    frc1over7: ['77.91', '34.91'],
  },
  train: {
    ssim: ['0.406', '0.918'],
    psnr: ['76.89', '62.41'],
    mae: ['0.0294', '0.1544'],
    msSsim: ['0.603', '0.608'],
    frc50: ['6.74', '1.71'],
    frc1over7: ['18.95', '16.84'],
  },
} as const satisfies Record<string, Record<string, readonly [string, string]>>;

type SetName = keyof typeof published;

for (const set of Object.keys(published) as SetName[])
  describeGolden(
    `published reconstruction of ${set}`,
    ['sim/upstream_hash_s1_e40.npz', `sim/${set}.npz`],
    (run, scan) => {
      const [x, y] = [scan.numbers('xcoords'), scan.numbers('ycoords')];
      const positions = Float64Array.from({ length: 2 * x.length }, (_, i) => (i % 2 === 0 ? x : y)[i >> 1]);
      const truth = scan.image('objectGuess');
      const reference = stitchTruePatches(truth, positions, 20);

      it('shares its canvas of true patches with ours', () => {
        const theirs = run.complex(`${set}_stitched_truth`);
        expect(relativeDifference(toInterleaved(reference.image), theirs)).toBeLessThan(2e-5);
      });

      it('scores here what the published code gave it', () => {
        const canvas = { ...reference, image: run.image(`${set}_recon`) };
        const { metrics } = compareToTruth({ canvas, truth, positions, crop: 20 });
        const table: Record<string, readonly [string, string]> = published[set];
        for (const [name, texts] of Object.entries(table)) {
          const metric = name as keyof (typeof published)[SetName];
          texts.forEach((text, i) => {
            const ours = metrics[i === 0 ? 'amplitude' : 'phase'][metric];
            const halfDigit = 0.5 * 10 ** -text.split('.')[1].length;
            expect(Math.abs(ours - Number(text)), `${metric} ${i}: ${ours}`).toBeLessThan(1.02 * halfDigit);
          });
        }
      });
    },
  );
