import { decodeScan } from '@ptychofleet/data';
import { compareToTruth, stitchTruePatches, toInterleaved, type QuantityMetrics } from '@ptychofleet/imaging';
import type { Checks } from '../comparison.ts';
import type { GoldenFile } from '../golden-file.ts';
import type { GoldenKind } from '../kind.ts';
import { publishedScores, type ScoreName } from '../published-scores.ts';
import { tolerances } from '../tolerances.ts';
import { imageOf } from './metrics.ts';

/** Pixels used of each patch (golden sim read-me). */
const crop = 20;

/** Reconstructions of a published training run, and the true patches stitched alike, on the scans beside the file. */
export const referenceRun: GoldenKind = {
  name: 'reference run',
  signature: '<scan>_recon and <scan>_stitched_truth or <scan>_gt',
  matches: (file) =>
    file.captures(/^(.+)_recon$/).some(([set]) => file.has(`${set}_stitched_truth`) || file.has(`${set}_gt`)),
  check(file, checks) {
    for (const [set, truth] of file.captures(/^(.+)_(stitched_truth|gt)$/))
      checkSet(file, checks, set, truth);
    checks.leave(
      ['epoch_loss', 'step_loss', 'train_loss', 'normalise', 'physics_scale', 'params_json'],
      'the course of a training run: trajectories check its steps',
    );
  },
};

function checkSet(file: GoldenFile, checks: Checks, set: string, kind: string): void {
  const key = `${set}_${kind}`;
  const beside = file.sibling(`${set}.npz`);
  if (beside === null) {
    checks.leave([key, `${set}_recon`], `needs ${set}.npz beside the file`);
    return;
  }
  const { x, y, object } = decodeScan(beside.bytes, beside.name);
  if (object === null) {
    checks.leave([key, `${set}_recon`], `${set}.npz holds no true object`);
    return;
  }
  const positions = Float64Array.from({ length: 2 * x.length }, (_, i) => (i % 2 === 0 ? x : y)[i >> 1]);
  const truth = imageOf(beside, 'objectGuess');
  const reference = stitchTruePatches(truth, positions, crop);
  checks.array(key, toInterleaved(reference.image), tolerances.canvas);
  const canvas = { ...reference, image: imageOf(file, `${set}_recon`) };
  const scores = publishedScores(finalLoss(file), set);
  if (scores === null) {
    checks.leave([`${set}_recon`], 'no scores of this run are published');
    return;
  }
  const { metrics } = compareToTruth({ canvas, truth, positions, crop });
  for (const [name, texts] of Object.entries(scores) as [ScoreName, readonly string[]][]) {
    (['amplitude', 'phase'] as const).forEach((quantity, i) => {
      if (texts[i] === '–') return;
      const ours = (metrics[quantity] satisfies QuantityMetrics)[name];
      // The table is rounded, so half of its last digit is how far it can tell.
      const half = 0.5 * 10 ** -texts[i].split('.')[1].length;
      const rounded = { kind: 'metric', limit: 1.02 * half, relativeTo: 'one' } as const;
      const score = `${set}_recon: ${name} of the ${quantity}`;
      checks.values(score, [ours], [Number(texts[i])], rounded, { names: ['published, rounded'] });
    });
  }
}

/** Loss of the last epoch, by which the published table names a run. */
function finalLoss(file: GoldenFile): number {
  const key = file.has('epoch_loss') ? 'epoch_loss' : 'train_loss';
  return file.has(key) ? (file.numbers(key).at(-1) as number) : NaN;
}
