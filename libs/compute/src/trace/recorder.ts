import { bytesOf } from '@ptychofleet/base';
import type { KernelAttribute, Tensor, TensorFlow } from '../runtime.ts';
import { nativeBinding, withBinding, type HandleInfo } from './binding.ts';
import { encodeSavedModel, shapeOf, type GraphAttribute, type GraphNode } from './graph-def.ts';

/** Why a function cannot be replaced by a graph: no fault, since it still runs operation by operation. */
export class TraceRefusal extends Error {}

/** A function as a graph, and what it gave while it was recorded. */
export interface Recording {
  readonly savedModel: Uint8Array;
  /** Names to feed, in the order of the inputs. */
  readonly inputNames: readonly string[];
  /** Names to fetch: those of the function's results, then some whose values nobody needs. */
  readonly outputNames: readonly string[];
  readonly outputs: Tensor[];
}

/**
 * What TensorFlow's graph optimiser (2.19) would write anew with other roundings. It reorders sums and products of several
 * tensors unless they bear the marks of its own earlier work (arithmetic_optimizer.cc), and merges x·sigmoid(x) into one
 * kernel unless something else reads the sigmoid (remapper.cc). Where this list is not enough the graph is not taken.
 */
const reordered = new Set(['Add', 'AddV2', 'Mul']);
const marks = Object.fromEntries(
  ['AddOpsRewriteStage', 'MinimizeBroadcasts'].map((stage) => [
    `_grappler_ArithmeticOptimizer_${stage}`,
    { b: true },
  ]),
);
const merged = 'Sigmoid';

/**
 * Runs `compute` once, operation by operation, and writes down every kernel that it calls. The tensors of `inputs` become
 * placeholders; whatever else is read becomes a constant.
 * @throws TraceRefusal when `compute` looks at values or uses what a graph cannot hold.
 */
export function record(tf: TensorFlow, inputs: readonly Tensor[], compute: () => Tensor[]): Recording {
  const native = nativeBinding(tf);
  const nodes: GraphNode[] = [];
  /** Native tensor → the node output that makes it. */
  const sources = new Map<number, string>();
  /** Tensors made from host values during the recording. */
  const made = new Map<number, { shape: readonly number[]; dtype: number; values: ArrayBufferView }>();

  const add = (op: string, input: readonly string[], attr: Record<string, GraphAttribute>): string => {
    const name = `n${nodes.length}`;
    nodes.push({ name, op, input, attr });
    return name;
  };
  const constant = (id: number): string => {
    const { shape, dtype, values } = made.get(id) ?? native.valueOf(id);
    const tensorContent = bytesOf(values).slice();
    const name = add('Const', [], {
      dtype: { type: dtype },
      value: { tensor: { dtype, tensorShape: shapeOf(shape), tensorContent } },
    });
    sources.set(id, name);
    return name;
  };
  const sourceOf = (id: number): string => sources.get(id) ?? constant(id);

  const inputNames = native.idsOf(inputs).map((id, i) => {
    const { shape } = inputs[i] as Tensor;
    const name = add('Placeholder', [], {
      dtype: { type: native.typeOf(inputs[i] as Tensor) },
      shape: { shape: shapeOf(shape) },
    });
    sources.set(id, name);
    return name;
  });

  const outputs = withBinding(
    tf,
    {
      createTensor(shape, dtype, values) {
        const id = native.functions.createTensor(shape, dtype, values);
        if (!ArrayBuffer.isView(values)) throw new TraceRefusal('it makes a tensor of text');
        made.set(id, { shape, dtype, values });
        return id;
      },
      executeOp(kernel, attributes, ids, outputCount): HandleInfo[] {
        const results = native.functions.executeOp(kernel, attributes, ids, outputCount);
        const attr = attributesOf(kernel, attributes, native.kinds);
        const name = add(kernel, ids.map(sourceOf), reordered.has(kernel) ? { ...attr, ...marks } : attr);
        results.forEach(({ id }, output) => sources.set(id, output === 0 ? name : `${name}:${output}`));
        return results;
      },
      tensorDataSync() {
        throw new TraceRefusal('it reads values of a tensor while it runs');
      },
    },
    compute,
  );
  const results = native.idsOf(outputs).map(sourceOf);
  const witnesses = nodes
    .filter(({ op }) => op === merged)
    .map(({ name, attr }) => add('Identity', [name], { T: attr.T as GraphAttribute }));
  const outputNames = [...results, ...witnesses];
  return { savedModel: encodeSavedModel(nodes), inputNames, outputNames, outputs };
}

function attributesOf(
  kernel: string,
  attributes: readonly KernelAttribute[],
  kinds: Readonly<Record<number, 'string' | 'int' | 'float' | 'bool' | 'type' | 'shape'>>,
): Record<string, GraphAttribute> {
  const utf8 = (text: unknown) => new TextEncoder().encode(String(text));
  const convert = ({ name, type, value }: KernelAttribute): GraphAttribute => {
    const list = Array.isArray(value) ? (value as unknown[]) : null;
    switch (kinds[type]) {
      case 'string':
        return list ? { list: { s: list.map(utf8) } } : { s: utf8(value) };
      case 'int':
        return list ? { list: { i: list as number[] } } : { i: value as number };
      case 'float':
        return list ? { list: { f: list as number[] } } : { f: value as number };
      case 'bool':
        return list ? { list: { b: list as boolean[] } } : { b: value as boolean };
      case 'type':
        return { type: value as number };
      case 'shape':
        return { shape: shapeOf(value as number[]) };
      case undefined:
        throw new TraceRefusal(`the attribute ${name} of ${kernel} is of a kind that is not known here`);
    }
  };
  return Object.fromEntries(attributes.map((attribute) => [attribute.name, convert(attribute)]));
}
