import { assert } from '@ptychofleet/base';
import type { Tensor, TensorFlow } from '../runtime.ts';
import { nativeBinding } from './binding.ts';
import type { Program, Slot } from './program.ts';
import { TraceRefusal } from './recorder.ts';

/**
 * Runs a recorded program kernel by kernel, as the function itself would, but frees each value after its last use: the
 * tape of TensorFlow.js keeps them all to the end, three times the memory of a gradient.
 * @param inputs in the order in which they were recorded, of the same shapes and types.
 * @throws TraceRefusal when a kernel's result is of another shape than was recorded.
 */
export function replay(tf: TensorFlow, program: Program, inputs: readonly Tensor[]): Tensor[] {
  const native = nativeBinding(tf);
  const { functions } = native;
  const values = new Values((id) => functions.deleteTensor(id));
  const given = native.idsOf(inputs);
  try {
    const freed = freedAfter(program);
    program.instructions.forEach((instruction, at) => {
      if (instruction.kind === 'input') values.lend(instruction.slots[0], given[at] as number);
      else if (instruction.kind === 'constant') {
        const { slots, shape, dtype, values: content } = instruction;
        values.own(slots[0], functions.createTensor(shape, dtype, content));
      } else {
        const { kernel, attributes, slots } = instruction;
        const operands = instruction.inputs.map((slot) => values.get(slot));
        const outputs = functions.executeOp(kernel, attributes, operands, slots.length);
        slots.forEach((slot, i) => values.own(slot, (outputs[i] as { id: number }).id));
        const [shapes, recorded] = [outputs, instruction.outputs].map((kinds) => JSON.stringify(kinds.map(({ shape }) => shape))); // prettier-ignore
        if (shapes !== recorded) throw new TraceRefusal(`${kernel} gives ${shapes}, recorded as ${recorded}`);
      }
      for (const slot of freed.get(at) ?? []) values.free(slot);
    });
    // A copy is a reference: the tensor's memory stays where it is.
    return program.results.map((slot) => {
      const [copy] = functions.executeOp('Identity', [], [values.get(slot)], 1);
      assert(copy !== undefined, 'one output');
      return native.tensorOf(copy);
    });
  } finally {
    values.freeAll();
  }
}

/** Instruction → what nobody needs once it has run. */
function freedAfter({ instructions, results }: Program): Map<number, Slot[]> {
  const last = new Map<Slot, number>();
  instructions.forEach((instruction, at) => {
    for (const slot of instruction.slots) last.set(slot, at);
    if (instruction.kind === 'kernel') for (const slot of instruction.inputs) last.set(slot, at);
  });
  for (const slot of results) last.delete(slot);
  const freed = new Map<number, Slot[]>();
  for (const [slot, at] of last) freed.set(at, [...(freed.get(at) ?? []), slot]);
  return freed;
}

class Values {
  readonly #ids = new Map<Slot, number>();
  readonly #owned = new Set<Slot>();
  readonly #deleteTensor: (id: number) => void;

  constructor(deleteTensor: (id: number) => void) {
    this.#deleteTensor = deleteTensor;
  }

  lend(slot: Slot, id: number): void {
    this.#ids.set(slot, id);
  }

  own(slot: Slot, id: number): void {
    this.#ids.set(slot, id);
    this.#owned.add(slot);
  }

  get(slot: Slot): number {
    const id = this.#ids.get(slot);
    assert(id !== undefined, `value ${slot} is used before it is made or after it is freed`);
    return id;
  }

  free(slot: Slot): void {
    if (this.#owned.delete(slot)) this.#deleteTensor(this.get(slot));
    this.#ids.delete(slot);
  }

  freeAll(): void {
    for (const slot of [...this.#ids.keys()]) this.free(slot);
  }
}
