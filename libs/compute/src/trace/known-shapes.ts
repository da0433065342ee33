import type { KernelAttribute } from '../runtime.ts';
import type { ValueKind } from './program.ts';

/** What a kernel is given, with its values where they are constant. */
export interface Operand extends ValueKind {
  readonly values?: ArrayBufferView;
}

/**
 * The shape of a convolution's result, or of its gradient's, without running it: four fifths of a gradient's time. Null for
 * what is not a "same" convolution of stride 1, and for all other kernels.
 */
export function knownShape(
  kernel: string,
  attributes: readonly KernelAttribute[],
  operands: readonly Operand[],
): readonly number[] | null {
  const [first, second] = operands;
  if (!kernel.startsWith('Conv2D') || first === undefined || second === undefined) return null;
  const valueOf = (name: string) => attributes.find((attribute) => attribute.name === name)?.value;
  const plain =
    valueOf('padding') === 'SAME' && valueOf('data_format') === 'NHWC' && isOnes(valueOf('strides'));
  if (!plain) return null;
  switch (kernel) {
    case 'Conv2D':
      return first.shape.length === 4 ? [...first.shape.slice(0, 3), ...second.shape.slice(3)] : null;
    // Both are told the shape that their result is to have.
    case 'Conv2DBackpropInput':
      return integers(first);
    case 'Conv2DBackpropFilter':
      return integers(second);
    default:
      return null;
  }
}

const isOnes = (value: unknown): boolean => Array.isArray(value) && value.every((stride) => stride === 1);

const integers = ({ values }: Operand): number[] | null =>
  values instanceof Int32Array ? [...values] : null;
