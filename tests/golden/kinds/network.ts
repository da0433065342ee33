import type { ModelSpec } from '@ptychofleet/config';
import { nearest, relativeDifference, type Checks } from '../comparison.ts';
import type { GoldenFile } from '../golden-file.ts';
import type { GoldenKind } from '../kind.ts';
import { NetworkUnderTest, type LossKind, type NetworkRun } from '../network-run.ts';
import { checkWeights, modelOf, parametersOf, type ListedParameter } from '../reference-parameters.ts';
import { freeingTensors } from '../tensors.ts';
import { tolerances } from '../tolerances.ts';

/** The whole network, the forward model behind it, its loss and gradients (model spec §2–§9). */
export const network: GoldenKind = {
  name: 'network',
  signature: 'x, params_json, amp and phase',
  matches: (file) => file.has('x', 'params_json', 'amp', 'phase'),
  check(file, checks) {
    const listed = parametersOf(file);
    const { model, run } = fittingModel(file, listed.params, listed.base);
    checks.setting(describe(model));
    const underTest = new NetworkUnderTest(file, model, listed.base);
    checkWeights(file, checks, listed, underTest.layout, underTest.slab);
    for (const [key, values] of Object.entries(run.maps)) {
      if (file.has(key)) checks.array(key, values, tolerances.forward);
    }
    for (const [key, values] of Object.entries(run.features)) {
      if (file.has(`act_${key}`)) checks.array(`act_${key}`, values, tolerances.forward);
    }
    if (file.has('pred_amp')) checks.array('pred_amp', run.predicted, tolerances.forward);
    if (file.has('loss')) checkLoss(file, checks, listed.params, underTest, run);
  },
};

/**
 * Neither keys nor shapes tell the amplitude activation, whether the outer ring is predicted, and how a group is merged:
 * of the settings that the model has, the first that fits is taken, else the nearest, and the report names it.
 */
function fittingModel(
  file: GoldenFile,
  parameters: readonly ListedParameter[],
  base: number,
): { model: ModelSpec; run: NetworkRun } {
  const C = file.shape('x')[1];
  const known = modelOf(parameters, 'torch', C);
  const probe_scale = file.scalar('probe_scale');
  const start = { ...known, probeScale: probe_scale, probeBig: predictsRing(file, known.N) };
  const attempt = (model: ModelSpec) => ({
    model,
    run: freeingTensors(() => new NetworkUnderTest(file, model, base).run()),
  });
  type Attempt = ReturnType<typeof attempt>;
  const amplitude = ({ run }: Attempt) => relativeDifference(run.maps.amp, file.numbers('amp'));
  const activations = (['swish', 'sigmoid', 'softplus', 'relu'] as const).map(
    (ampActivation) => () => attempt({ ...start, ampActivation }),
  );
  const activated = nearest(activations, amplitude, tolerances.forward.limit);
  if (!file.has('pred_amp')) return activated;
  const predicted = ({ run }: Attempt) => relativeDifference(run.predicted, file.numbers('pred_amp'));
  const merges = known.objectBig || C === 1 ? (['central_mask', 'uniform', 'probe'] as const) : [];
  const others = merges.map(
    (trainingPatchWeighting) => () =>
      attempt({ ...activated.model, objectBig: true, trainingPatchWeighting }),
  );
  return nearest([() => activated, ...others], predicted, tolerances.forward.limit);
}

/** Without the outer branch the amplitude is exactly zero outside the central half. */
function predictsRing(file: GoldenFile, N: number): boolean {
  const inside = (i: number) => i >= N / 4 && i < (3 * N) / 4;
  return file
    .numbers('amp')
    .some((value, at) => value !== 0 && !(inside(Math.floor(at / N) % N) && inside(at % N)));
}

function describe(model: ModelSpec): string {
  const { N, gridsize, nFiltersScale, ampActivation, probeBig, objectBig, trainingPatchWeighting } = model;
  return [
    `N ${N}, gridsize ${gridsize}, width ${nFiltersScale}, ${ampActivation}`,
    `CBAM ${model.cbamEncoder ? 'on' : 'off'}, probe.big ${probeBig}`,
    objectBig ? `merged by ${trainingPatchWeighting}` : 'patterns one by one',
  ].join(', ');
}

/** The file does not say which loss it holds either; the two are orders of magnitude apart. */
function checkLoss(
  file: GoldenFile,
  checks: Checks,
  parameters: readonly ListedParameter[],
  underTest: NetworkUnderTest,
  run: NetworkRun,
): void {
  const expected = file.scalar('loss');
  const gap = ({ loss }: { loss: number }) => Math.abs(loss / expected - 1);
  const of = (kind: LossKind, observed?: Float32Array) => ({
    kind,
    ...freeingTensors(() => underTest.gradients(kind, observed)),
  });
  const [poisson, mae] = [of('poisson'), of('mae', onTheSameSide(file, run))];
  const { kind, loss, gradients } = gap(mae) < gap(poisson) ? mae : poisson;
  checks.setting(`${kind} loss`);
  checks.scalar('loss', loss, tolerances.networkLoss);
  const norms = parameters.map(({ grad_norm = 0 }) => grad_norm);
  const largest = Math.max(...norms);
  for (const parameter of parameters)
    checkGradient(checks, parameter, gradients.get(parameter.name) as Float32Array, largest);
}

/**
 * The slope of an absolute value jumps where prediction and observation meet. Where they are closer than float32 resolves,
 * our prediction may lie on the other side than the file's; there the observation moves along, so that the sides agree.
 */
function onTheSameSide(file: GoldenFile, { predicted: ours }: NetworkRun): Float32Array {
  const observed = file.f32('obs');
  if (!file.has('pred_amp')) return observed;
  const theirs = file.f32('pred_amp');
  return observed.map((value, i) =>
    Math.sign(ours[i] - value) === Math.sign(theirs[i] - value) ? value : value + (ours[i] - theirs[i]),
  );
}

/**
 * A gradient below this share of the largest norm counts against the share: it is a sum that cancels, and the reference's
 * float32 leaves of it what rounding at the size of the large ones leaves (docs/fidelity.md).
 */
const smallShare = 0.01;

/** Of a gradient the file holds norm, first and last entry and sum. */
function checkGradient(checks: Checks, listed: ListedParameter, ours: Float32Array, largest: number): void {
  const { name, grad_norm, grad_first, grad_last, grad_sum } = listed;
  if (grad_norm === undefined) return;
  const norm = Math.sqrt(ours.reduce((sum, value) => sum + value * value, 0));
  const sum = ours.reduce((total, value) => total + value, 0);
  const root = Math.sqrt(ours.length);
  const values = [norm, ours[0], ours.at(-1) as number, sum / root];
  const expected = [grad_norm, grad_first as number, grad_last as number, (grad_sum as number) / root];
  checks.values(`gradient of ${name}`, values, expected, tolerances.gradient, {
    largest: Math.max(grad_norm, smallShare * largest),
    names: ['norm', 'first', 'last', 'sum'],
  });
}
