import { assert, invalidInput, valuesDigestOf, type Fault, type ValuesDigest } from '@ptychofleet/base';
import type { ModelSpec } from '@ptychofleet/config';
import {
  exchangeTensors,
  fromExchange,
  modelFromShapes,
  networkTensors,
  toExchange,
  type ExchangeLayout,
  type ExchangeTensor,
  type InferredModel,
} from '@ptychofleet/model';
import { layoutOf, slabToBytes, viewOf, type ParameterLayout } from '@ptychofleet/params';
import type { Bundle } from './bundle.ts';

/** A tensor on its way out: row-major float32 in the layout's own shape. */
export interface ExportedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A tensor of unknown origin: values where they are float32, else what they are. */
export interface ForeignTensor {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | null;
}

/** The weights of a bundle in the names, order and shapes of a back end of the reference (docs/weights.md). */
export function exportTensors({ model, layout, weights }: Bundle, to: ExchangeLayout): ExportedTensor[] {
  return exchangeTensors(model, to).map(({ name, shape, tensor }) => ({
    name,
    shape,
    values: toExchange(to, tensor, viewOf(layout, weights, tensor.name)),
  }));
}

/** What the tensors themselves tell of their model. @throws Fault naming the tensor from which nothing follows. */
export function modelOfTensors(found: readonly ForeignTensor[], from: ExchangeLayout): InferredModel {
  return modelFromShapes(new Map(found.map(({ name, shape }) => [name, shape])), from);
}

/**
 * Weights of `model` from tensors in a back end's layout: exactly its names and shapes, float32, finite; any order.
 * @throws Fault invalid-input naming the tensors that differ, what was received and what is expected.
 */
export function importTensors(
  found: readonly ForeignTensor[],
  from: ExchangeLayout,
  model: ModelSpec,
): { readonly layout: ParameterLayout; readonly weights: Float32Array } {
  const expected = exchangeTensors(model, from);
  const byName = new Map(found.map((tensor) => [tensor.name, tensor]));
  const known = new Set(expected.map(({ name }) => name));
  const differences = [
    ...expected.flatMap((tensor) => differenceOf(tensor, byName.get(tensor.name)) ?? []),
    ...found.filter(({ name }) => !known.has(name)).map(unknownTensor),
  ];
  if (differences.length > 0) throw mismatch(differences, from);

  const layout = layoutOf(networkTensors(model));
  const weights = new Float32Array(layout.size);
  for (const { name, tensor } of expected) {
    const values = byName.get(name)?.values;
    assert(values !== undefined && values !== null, `${name} was compared before`);
    viewOf(layout, weights, tensor.name).set(fromExchange(from, tensor, values));
  }
  return { layout, weights };
}

/** Names the weights alone, as a run's record does after each epoch. */
export function weightsDigest(bundle: Pick<Bundle, 'weights'>): ValuesDigest {
  return valuesDigestOf(slabToBytes(bundle.weights));
}

interface Difference {
  readonly name: string;
  readonly received: string;
  readonly expected: string;
}

function differenceOf({ name, shape }: ExchangeTensor, found: ForeignTensor | undefined): Difference | null {
  const expected = `float32 (${shape.join(', ')})`;
  if (found === undefined) return { name, received: 'nothing', expected };
  if (found.values === null || found.shape.join() !== shape.join()) {
    return { name, received: described(found), expected };
  }
  const bad = found.values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return null;
  return { name, received: `${found.values[bad]} at element ${bad}`, expected: 'finite values' };
}

function unknownTensor(found: ForeignTensor): Difference {
  return { name: found.name, received: described(found), expected: 'no tensor of this name' };
}

function described({ type, shape }: ForeignTensor): string {
  return `${type} (${shape.join(', ')})`;
}

function mismatch(differences: readonly Difference[], from: ExchangeLayout): Fault {
  const { name, received, expected } = differences[0] as Difference;
  const others = differences.slice(1, 3).map((other) => other.name);
  const more = differences.length > 3 ? [`${differences.length - 3} more`] : [];
  const also = others.length === 0 ? '' : `, and ${[...others, ...more].join(', ')} differ, too`;
  const fix = 'name the layout with --layout and the model with --like, --config or its flags';
  return invalidInput(name, received, `${expected} in the ${from} layout of this model${also}`, fix);
}
