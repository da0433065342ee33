import { assert, digestOfText, type Digest } from '@ptychofleet/base';

/** One named float32 array. `fanIn`/`fanOut` serve initialisation (model spec §4); a bias has the fan-in of its layer. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly fanIn: number;
  readonly fanOut: number;
  readonly role: 'kernel' | 'bias' | 'scalar';
}

export interface PlacedTensor extends TensorSpec {
  /** First element in the slab, counted in floats. */
  readonly offset: number;
  /** Number of elements. */
  readonly size: number;
}

/** How named tensors lie one after the other in a single float32 slab. */
export interface ParameterLayout {
  readonly tensors: readonly PlacedTensor[];
  readonly size: number;
  /** Digest of names and shapes: two slabs may meet only when their layouts agree. */
  readonly digest: Digest;
}

export function layoutOf(tensors: readonly TensorSpec[]): ParameterLayout {
  const names = new Set(tensors.map((tensor) => tensor.name));
  assert(names.size === tensors.length, 'parameter names must differ');
  let offset = 0;
  const placed = tensors.map((tensor) => {
    const size = tensor.shape.reduce((product, side) => product * side, 1);
    const here = { ...tensor, offset, size };
    offset += size;
    return here;
  });
  const text = JSON.stringify(tensors.map(({ name, shape }) => [name, shape]));
  return { tensors: placed, size: offset, digest: digestOfText(text) };
}

/** The part of a slab that belongs to one tensor: a view, not a copy. */
export function viewOf(layout: ParameterLayout, slab: Float32Array, name: string): Float32Array {
  assert(slab.length === layout.size, `slab has ${slab.length} floats, layout ${layout.size}`);
  const tensor = layout.tensors.find((candidate) => candidate.name === name);
  assert(tensor !== undefined, `no parameter named ${name}`);
  return slab.subarray(tensor.offset, tensor.offset + tensor.size);
}
