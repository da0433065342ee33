import { bytesOf, messageOf } from '@ptychofleet/base';
import type { KernelAttribute, Tensor, TensorFlow } from '../runtime.ts';
import { nativeBinding, withBinding, type HandleInfo, type NativeBinding } from './binding.ts';
import { knownShape, type Operand } from './known-shapes.ts';
import type { Instruction, KernelCall, Program, Slot, ValueKind } from './program.ts';

/** Why a function cannot be replaced by a graph: no fault, since it still runs operation by operation. */
export class TraceRefusal extends Error {}

/**
 * Writes down every kernel that `compute` calls without computing it: what depends on `inputs` is passed on as a shape
 * without values, so that recording a gradient takes no more memory than its largest operation does. A shape comes from the
 * kernel itself, run once on zeros and freed at once, or from {@link knownShape}; from `like`, where a recording with other inputs is at hand.
 * @param like a program that this one must equal in everything but its inputs.
 * @throws TraceRefusal when `compute` looks at values, makes tensors of text, or differs from `like`.
 */
export function record(
  tf: TensorFlow,
  inputs: readonly Tensor[],
  compute: () => Tensor[],
  like?: Program,
): Program {
  const native = nativeBinding(tf);
  const notes = new Notes(native, like ?? null);
  native.idsOf(inputs).forEach((id, i) => notes.input(id, kindOf(native, inputs[i] as Tensor)));
  const results = withBinding(
    tf,
    {
      createTensor(shape, dtype, values) {
        if (!ArrayBuffer.isView(values)) throw new TraceRefusal('it makes a tensor of text');
        const id = native.functions.createTensor(shape, dtype, values);
        notes.made(id, { shape, dtype }, values);
        return id;
      },
      executeOp: (kernel, attributes, ids, outputCount) => notes.kernel(kernel, attributes, ids, outputCount),
      tensorDataSync() {
        throw new TraceRefusal('it reads values of a tensor while it runs');
      },
    },
    compute,
  );
  return notes.finish(native.idsOf(results));
}

const kindOf = (native: NativeBinding, tensor: Tensor): ValueKind => ({
  shape: tensor.shape,
  dtype: native.typeOf(tensor),
});

/** A native tensor that a function works with: one that exists, or a shape that stands for one. */
interface Known extends Operand {
  readonly slot: Slot;
  /** Whether its values depend on the inputs. */
  readonly varies: boolean;
}

class Notes {
  readonly #native: NativeBinding;
  readonly #like: Program | null;
  readonly #instructions: Instruction[] = [];
  readonly #known = new Map<number, Known>();
  /** Tensors made from host values during the recording, which become constants where something reads them. */
  readonly #made = new Map<number, ValueKind & { readonly values: ArrayBufferView }>();
  #slots = 0;
  /** Ids of what stands for a tensor; TensorFlow.js frees none below zero. */
  #standIns = 0;

  constructor(native: NativeBinding, like: Program | null) {
    this.#native = native;
    this.#like = like;
  }

  input(id: number, kind: ValueKind): void {
    const slot = this.#slots++;
    this.#add({ kind: 'input', slots: [slot], ...kind });
    this.#known.set(id, { ...kind, slot, varies: true });
  }

  made(id: number, kind: ValueKind, values: ArrayBufferView): void {
    this.#made.set(id, { ...kind, values });
  }

  kernel(
    kernel: string,
    attributes: readonly KernelAttribute[],
    ids: readonly number[],
    outputCount: number,
  ): HandleInfo[] {
    const operands = ids.map((id) => this.#read(id));
    // With a program to follow nothing runs at all, so that even constants stay shapes.
    const varies = this.#like !== null || operands.some((operand) => operand.varies);
    const outputs: readonly (ValueKind & { id?: number })[] = varies
      ? this.#shapesOf(kernel, attributes, ids, operands, outputCount)
      : this.#native.functions.executeOp(kernel, attributes, ids, outputCount);
    const slots = outputs.map(() => this.#slots++);
    const inputs = operands.map(({ slot }) => slot);
    const kinds = outputs.map(({ shape, dtype }) => ({ shape, dtype }));
    this.#add({ kind: 'kernel', kernel, attributes, inputs, slots, outputs: kinds });
    return outputs.map(({ shape, dtype, id = --this.#standIns }, i) => {
      this.#known.set(id, { shape, dtype, slot: slots[i] as Slot, varies });
      return { id, shape, dtype };
    });
  }

  finish(ids: readonly number[]): Program {
    const results = ids.map((id) => this.#read(id).slot);
    const program = { instructions: this.#instructions, results };
    const complete = this.#like === null || this.#like.instructions.length === program.instructions.length;
    if (!complete || (this.#like && this.#like.results.join() !== results.join())) throw differing();
    return program;
  }

  /** From the program to follow, or by running the kernel on zeros, of which nothing is kept. */
  #shapesOf(
    kernel: string,
    attributes: readonly KernelAttribute[],
    ids: readonly number[],
    known: readonly Known[],
    outputCount: number,
  ): readonly ValueKind[] {
    if (this.#like !== null) {
      const expected = this.#like.instructions[this.#instructions.length];
      if (expected?.kind !== 'kernel') throw differing();
      return expected.outputs;
    }
    const shape = knownShape(kernel, attributes, known);
    if (shape !== null) return [{ shape, dtype: this.#native.types.float }];
    const { functions } = this.#native;
    const borrowed: number[] = [];
    try {
      const operands = ids.map((id) => {
        if (id >= 0) return id;
        const zeros = this.#native.zeros(this.#known.get(id) as Known);
        borrowed.push(zeros);
        return zeros;
      });
      const results = functions.executeOp(kernel, attributes, operands, outputCount);
      borrowed.push(...results.map(({ id }) => id));
      return results.map(({ shape, dtype }) => ({ shape, dtype }));
    } catch (error) {
      throw new TraceRefusal(`${kernel} does not run on zeros: ${messageOf(error)}`, { cause: error });
    } finally {
      for (const id of borrowed) functions.deleteTensor(id);
    }
  }

  #read(id: number): Known {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const { shape, dtype, values } = this.#made.get(id) ?? this.#native.valueOf(id);
    // The binding has no way to make one again.
    if (dtype === this.#native.types.complex) throw new TraceRefusal('it reads a complex constant');
    const slot = this.#slots++;
    this.#add({ kind: 'constant', slots: [slot], shape, dtype, values: copyOf(values) });
    const constant = { shape, dtype, slot, varies: false, values };
    this.#known.set(id, constant);
    return constant;
  }

  #add(instruction: Instruction): void {
    const expected = this.#like?.instructions[this.#instructions.length];
    if (this.#like && !(expected && equal(instruction, expected))) throw differing();
    this.#instructions.push(instruction);
  }
}

const differing = () =>
  new TraceRefusal('two recordings with different inputs differ in what should be constant');

const copyOf = (values: ArrayBufferView): ArrayBufferView => (values as Float32Array).slice();

function equal(a: Instruction, b: Instruction): boolean {
  if (a.kind === 'kernel' || b.kind === 'kernel') {
    const text = ({ kernel, attributes, inputs, slots }: KernelCall) =>
      JSON.stringify([kernel, attributes, inputs, slots]);
    return a.kind === b.kind && text(a as KernelCall) === text(b as KernelCall);
  }
  if (a.kind !== b.kind || a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false;
  return (
    a.kind !== 'constant' ||
    b.kind !== 'constant' ||
    Buffer.compare(bytesOf(a.values), bytesOf(b.values)) === 0
  );
}
