import { bytesOf } from '@ptychofleet/base';
import type { KernelAttribute } from '../runtime.ts';
import type { NativeBinding } from './binding.ts';
import { encodeSavedModel, shapeOf, type GraphAttribute, type GraphNode } from './graph-def.ts';
import type { Program, Slot, ValueKind } from './program.ts';
import { TraceRefusal } from './recorder.ts';

/** A program as a graph that TensorFlow can load. */
export interface SavedGraph {
  readonly savedModel: Uint8Array;
  /** Names to feed, in the order of the inputs. */
  readonly inputNames: readonly string[];
  /** Names to fetch: those of the function's results, then some whose values nobody needs. */
  readonly outputNames: readonly string[];
  readonly resultCount: number;
}

/**
 * What TensorFlow's graph optimiser (2.19) would write anew with other roundings. It reorders sums and products of several
 * tensors unless they bear the marks of its own earlier work (arithmetic_optimizer.cc), and merges a kernel with the one
 * after it unless something else reads what is between them (remapper.cc): x·sigmoid(x) everywhere, and a convolution with
 * its bias, which for some shapes on processors without AVX-512 adds the bias first. Where no form helps there is no graph.
 */
const reordered = new Set(['Add', 'AddV2', 'Mul']);
const marks = Object.fromEntries(
  ['AddOpsRewriteStage', 'MinimizeBroadcasts'].map((stage) => [
    `_grappler_ArithmeticOptimizer_${stage}`,
    { b: true },
  ]),
);
/** Kernels that are kept apart from what follows them. */
export type Form = ReadonlySet<string>;
export type Forms = readonly [Form, ...Form[]];
/** The fastest first. */
export const forms: Forms = [new Set(['Sigmoid']), new Set(['Sigmoid', 'Conv2D'])];

/** @throws TraceRefusal when the program uses what a graph cannot hold. */
export function toGraph(
  program: Program,
  { kinds, types }: Pick<NativeBinding, 'kinds' | 'types'>,
  apart: Form,
): SavedGraph {
  const nodes: GraphNode[] = [];
  const names = new Map<Slot, string>();
  const add = (op: string, input: readonly string[], attr: Record<string, GraphAttribute>): string => {
    const name = `n${nodes.length}`;
    nodes.push({ name, op, input, attr });
    return name;
  };
  const nameOf = (slot: Slot) => names.get(slot) as string;
  const constant = ({ shape, dtype }: ValueKind, values: ArrayBufferView): string => {
    const tensor = { dtype, tensorShape: shapeOf(shape), tensorContent: bytesOf(values) };
    return add('Const', [], { dtype: { type: dtype }, value: { tensor } });
  };
  /** A second reader that costs nothing: it takes one number. */
  const read = (name: string, { shape, dtype }: ValueKind): string => {
    const numbers = (value: number) =>
      constant(
        { shape: [shape.length], dtype: types.int },
        Int32Array.from(shape, () => value),
      );
    const attributes = { T: { type: dtype }, Index: { type: types.int } };
    return add('Slice', [name, numbers(0), numbers(1)], attributes);
  };
  const inputNames: string[] = [];
  const witnesses: string[] = [];
  for (const instruction of program.instructions) {
    if (instruction.kind === 'input') {
      const { slots, shape, dtype } = instruction;
      const name = add('Placeholder', [], { dtype: { type: dtype }, shape: { shape: shapeOf(shape) } });
      inputNames.push(name);
      names.set(slots[0], name);
    } else if (instruction.kind === 'constant') {
      names.set(instruction.slots[0], constant(instruction, instruction.values));
    } else {
      const { kernel, slots } = instruction;
      const attr = attributesOf(kernel, instruction.attributes, kinds);
      const name = add(kernel, instruction.inputs.map(nameOf), reordered.has(kernel) ? { ...attr, ...marks } : attr); // prettier-ignore
      slots.forEach((slot, output) => names.set(slot, output === 0 ? name : `${name}:${output}`));
      if (apart.has(kernel)) witnesses.push(read(name, instruction.outputs[0] as ValueKind));
    }
  }
  const outputNames = [...program.results.map(nameOf), ...witnesses];
  return {
    savedModel: encodeSavedModel(nodes),
    inputNames,
    outputNames,
    resultCount: program.results.length,
  };
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
