import { modelSpecSchema, type ModelSpec } from '@ptychofleet/config';
import { invalidInput } from '@ptychofleet/base';
import { modelFromShapes, referenceShape, toReference, type ExchangeLayout } from '@ptychofleet/model';
import { viewOf, type ParameterLayout } from '@ptychofleet/params';
import type { Checks } from './comparison.ts';
import type { GoldenFile } from './golden-file.ts';
import { tolerances, type Tolerance } from './tolerances.ts';

/** One parameter as `params_json` lists it; the gradient's numbers are missing where no loss was taken. */
export interface ListedParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly fan_in: number;
  readonly first: number;
  readonly last: number;
  readonly sum: number;
  readonly grad_norm?: number;
  readonly grad_first?: number;
  readonly grad_last?: number;
  readonly grad_sum?: number;
}

/** Weights are not stored: `base` selects the hash fill that makes them (golden read-me). */
export interface ListedParameters {
  readonly base: number;
  readonly total?: number;
  readonly params: readonly ListedParameter[];
}

export function parametersOf(file: GoldenFile): ListedParameters {
  return file.json('params_json') as ListedParameters;
}

/** Spread of a group that the reference's canvas allows for by default, pixels; its files do not tell it. */
const referenceDistance = 3;

/** The model that has these parameters on groups of `C` patterns; what leaves no trace in shapes has its default. */
export function modelOf(
  parameters: readonly { readonly name: string; readonly shape: readonly number[] }[],
  layout: ExchangeLayout,
  C: number,
): ModelSpec {
  const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));
  const inferred = modelFromShapes(shapes, layout);
  // One input channel may also be a network that sees the patterns of a group one by one.
  const gridsize = Math.sqrt(C);
  if (inferred.gridsize !== 1 && inferred.gridsize !== gridsize)
    throw invalidInput('x', `${C} channels`, `${inferred.gridsize ** 2}, as the first convolution takes`);
  return modelSpecSchema.parse({ ...inferred, gridsize, maxNeighborDistance: referenceDistance });
}

/** Names, order and shapes of the parameters, and the values that the hash fill must give. */
export function checkWeights(
  file: GoldenFile,
  checks: Checks,
  listed: ListedParameters,
  layout: ParameterLayout,
  slab: Float32Array,
): void {
  const differing = layout.tensors.findIndex((tensor, k) => {
    const { name, shape, fan_in } = listed.params[k] ?? {};
    return (
      name !== tensor.name || String(shape) !== String(referenceShape(tensor)) || fan_in !== tensor.fanIn
    );
  });
  const first = differing < 0 ? layout.tensors.length : differing;
  const layoutName = `parameters in order${differing < 0 ? '' : `, up to ${layout.tensors[differing].name}`}`;
  checks.values(layoutName, [first], [listed.params.length], tolerances.whole);
  if (listed.total !== undefined)
    checks.values('params_json total', [slab.length], [listed.total], tolerances.whole);
  if (first !== listed.params.length) return;
  const values = layout.tensors.map((tensor) => toReference(tensor, viewOf(layout, slab, tensor.name)));
  const column = (of: (parameter: ListedParameter) => number) => listed.params.map(of);
  const names = listed.params.map(({ name }) => name);
  const compare = (what: string, ours: number[], theirs: number[], tolerance: Tolerance) =>
    checks.values(what, ours, theirs, tolerance, { names });
  compare(
    'first weights',
    values.map((each) => each[0]),
    column(({ first }) => Math.fround(first)),
    tolerances.weights,
  );
  compare(
    'last weights',
    values.map((each) => each.at(-1) as number),
    column(({ last }) => Math.fround(last)),
    tolerances.weights,
  );
  const sums = values.map((each) => each.reduce((a, b) => a + b, 0) / Math.sqrt(each.length));
  const expected = listed.params.map(({ sum }, k) => sum / Math.sqrt(values[k].length));
  compare('weight sums', sums, expected, tolerances.weightSum);
  layout.tensors.forEach(({ name }, k) => {
    if (file.has(`w:${name}`)) checks.array(`w:${name}`, values[k], tolerances.weights);
  });
}
