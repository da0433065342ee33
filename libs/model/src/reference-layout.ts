import { assert } from '@ptychofleet/base';
import type { TensorSpec } from '@ptychofleet/params';

/** Shape of a tensor in the reference implementation: (out, in, kh, kw), (out, in) or unchanged (model spec §1). */
export function referenceShape(tensor: TensorSpec): readonly number[] {
  const { shape } = tensor;
  if (shape.length === 4) return [shape[3], shape[2], shape[0], shape[1]] as number[];
  return shape.length === 2 ? ([shape[1], shape[0]] as number[]) : shape;
}

/** Values in run-time order → a new array in the reference's row-major order. */
export function toReference(tensor: TensorSpec, values: Float32Array): Float32Array {
  return permuted(
    tensor,
    values,
    (runtime, reference, result) => (result[reference] = values[runtime] as number),
  );
}

/** Values in the reference's row-major order → a new array in run-time order. */
export function fromReference(tensor: TensorSpec, values: Float32Array): Float32Array {
  return permuted(
    tensor,
    values,
    (runtime, reference, result) => (result[runtime] = values[reference] as number),
  );
}

/** Both layouts keep (kh, kw) adjacent, so one loop over space × in × out serves convolutions and linear layers. */
function permuted(
  tensor: TensorSpec,
  values: Float32Array,
  copy: (runtime: number, reference: number, result: Float32Array) => void,
): Float32Array {
  const size = tensor.shape.reduce((product, side) => product * side, 1);
  assert(values.length === size, `${tensor.name} has ${size} values, got ${values.length}`);
  if (tensor.shape.length < 2) return values.slice();
  const [inputs, outputs] = tensor.shape.slice(-2) as [number, number];
  const space = size / (inputs * outputs);
  const result = new Float32Array(size);
  for (let place = 0; place < space; place++) {
    for (let input = 0; input < inputs; input++) {
      for (let output = 0; output < outputs; output++) {
        copy((place * inputs + input) * outputs + output, (output * inputs + input) * space + place, result);
      }
    }
  }
  return result;
}
