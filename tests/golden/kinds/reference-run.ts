import { decodeScan } from '@ptychofleet/data';
import { compareToTruth, stitchTruePatches, toInterleaved, type QuantityMetrics } from '@ptychofleet/imaging';
import { prepare } from '../bare-scan.ts';
import type { Checks } from '../comparison.ts';
import type { GoldenFile } from '../golden-file.ts';
import type { GoldenKind } from '../kind.ts';
import { publishedScores, type ScoreName } from '../published-scores.ts';
import { checkWeights, modelOf, parametersOf } from '../reference-parameters.ts';
import { tolerances } from '../tolerances.ts';
import { engineOf, firstSteps, Trainee } from '../training-steps.ts';
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
    if (file.has('params_json', 'step_loss', 'normalise', 'physics_scale')) checkFirstEpoch(file, checks);
    checks.leave(['train_loss'], 'of a run with weights and an order that the file does not tell');
  },
};

/** Photons of a pattern on average, and patterns of a batch, in the sim set (golden sim read-me). */
const photons = 1e6;
const batchSize = 16;

/** Scales, initial weights and first steps of a run over `train.npz` in file order. */
function checkFirstEpoch(file: GoldenFile, checks: Checks): void {
  const beside = file.sibling('train.npz');
  const keys = ['epoch_loss', 'step_loss', 'normalise', 'physics_scale', 'params_json'];
  if (beside === null) {
    checks.leave(keys, 'needs train.npz beside the file');
    return;
  }
  const { diffraction, N, n, probe } = decodeScan(beside.bytes, beside.name);
  const { patterns, scales } = prepare({ diffraction, N }, { nphotons: photons });
  checks.scalar('normalise', scales.amplitude, tolerances.scale32);
  checks.scalar('physics_scale', scales.physics, tolerances.scale32);
  const listed = parametersOf(file);
  const model = modelOf(listed.params, 'torch', 1);
  const size = batchSize * N * N;
  const engines = Array.from(
    { length: n / batchSize },
    (_, batch) => () =>
      engineOf(model, {
        groups: batchSize,
        patterns: patterns.slice(batch * size, (batch + 1) * size),
        relative: new Float32Array(2 * batchSize),
        probe,
        physicsScale: scales.physics,
      }),
  );
  const first = engines[0]();
  const trainee = new Trainee(model, first, listed.base);
  checkWeights(file, checks, listed, first.layout, trainee.weights);
  first.dispose();
  for (const make of engines) {
    const engine = make();
    trainee.step(engine, batchSize);
    engine.dispose();
  }
  const { losses } = trainee;
  const steps = { where: (step: number) => step < firstSteps, name: `step_loss, first ${firstSteps}` };
  checks.array('step_loss', padded(losses, file.shape('step_loss')[0]), tolerances.firstSteps, steps);
  const mean = losses.reduce((a, b) => a + b, 0) / losses.length;
  const epochs = { where: (epoch: number) => epoch === 0, name: 'epoch_loss, first' };
  checks.array('epoch_loss', padded([mean], file.shape('epoch_loss')[0]), tolerances.firstSteps, epochs);
}

/** The head of a list whose rest nobody computes. */
function padded(head: readonly number[], length: number): number[] {
  return Array.from({ length }, (_, i) => head[i] ?? NaN);
}

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
