import type { KernelAttribute, Tensor, TensorFlow } from '../runtime.ts';

/** A tensor as the native side names it. */
export interface HandleInfo {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: number;
}

/** The functions of tfjs-node's native binding that a trace needs. */
export interface BindingFunctions {
  createTensor(shape: readonly number[], dtype: number, values: unknown): number;
  executeOp(
    kernel: string,
    attributes: readonly KernelAttribute[],
    inputIds: readonly number[],
    outputCount: number,
  ): HandleInfo[];
  tensorDataSync(id: number): ArrayBufferView;
  deleteTensor(id: number): void;
  loadSavedModel(directory: string, tags: string): number;
  runSavedModel(
    id: number,
    inputIds: readonly number[],
    inputNames: string,
    outputNames: string,
  ): HandleInfo[];
  deleteSavedModel(id: number): void;
}

interface Backend {
  binding: BindingFunctions & Readonly<Record<string, number>>;
  getInputTensorIds(tensors: readonly Tensor[]): number[];
  createOutputTensor(info: HandleInfo): Tensor;
  getDTypeInteger(dtype: string): number;
}

export interface NativeBinding {
  readonly functions: BindingFunctions;
  /** The native ids of tensors; uploads those that were not used yet. */
  idsOf(tensors: readonly Tensor[]): number[];
  typeOf(tensor: Tensor): number;
  tensorOf(info: HandleInfo): Tensor;
  /** A new native tensor of zeros. */
  zeros(kind: { readonly shape: readonly number[]; readonly dtype: number }): number;
  /** The bits of a tensor as integers; integers and truth values as they are. */
  bits(tensor: Tensor): Tensor;
  /** Shape, type and values of a native tensor that is known by its id alone. */
  valueOf(id: number): { shape: readonly number[]; dtype: number; values: ArrayBufferView };
  /** TensorFlow's numbers for types of tensors. */
  readonly types: { readonly float: number; readonly int: number; readonly complex: number };
  readonly kinds: Readonly<Record<number, 'string' | 'int' | 'float' | 'bool' | 'type' | 'shape'>>;
}

const backendOf = (tf: TensorFlow): Backend => tf.backend() as unknown as Backend;

export function nativeBinding(tf: TensorFlow): NativeBinding {
  const backend = backendOf(tf);
  const functions = backend.binding;
  return {
    functions,
    idsOf: (tensors) => backend.getInputTensorIds(tensors),
    typeOf: ({ dtype }) => backend.getDTypeInteger(dtype),
    tensorOf: (info) => backend.createOutputTensor(info),
    zeros({ shape, dtype }) {
      const attributes = [
        { name: 'dtype', type: functions.TF_ATTR_TYPE as number, value: dtype },
        { name: 'init', type: functions.TF_ATTR_BOOL as number, value: true },
      ];
      const dimensions = functions.createTensor([shape.length], functions.TF_INT32 as number, Int32Array.from(shape)); // prettier-ignore
      try {
        const [zeros] = functions.executeOp('Empty', attributes, [dimensions], 1) as [HandleInfo];
        return zeros.id;
      } finally {
        functions.deleteTensor(dimensions);
      }
    },
    bits(tensor) {
      if (tensor.dtype !== 'float32') return tensor;
      const attributes = ['T', 'type'].map((name, i) => ({
        name,
        type: functions.TF_ATTR_TYPE as number,
        value: [functions.TF_FLOAT, functions.TF_INT32][i],
      }));
      const [bits] = functions.executeOp('Bitcast', attributes, backend.getInputTensorIds([tensor]), 1) as [
        HandleInfo,
      ];
      return backend.createOutputTensor(bits);
    },
    valueOf(id) {
      const [copy] = functions.executeOp('Identity', [], [id], 1) as [HandleInfo];
      try {
        return { ...copy, values: functions.tensorDataSync(copy.id) };
      } finally {
        functions.deleteTensor(copy.id);
      }
    },
    types: {
      float: functions.TF_FLOAT as number,
      int: functions.TF_INT32 as number,
      complex: functions.TF_COMPLEX64 as number,
    },
    kinds: Object.fromEntries(
      (['string', 'int', 'float', 'bool', 'type', 'shape'] as const).map((kind) => [
        functions[`TF_ATTR_${kind.toUpperCase()}`],
        kind,
      ]),
    ),
  };
}

/** Runs `body` with some of the binding's functions replaced. They cannot be written to, so an object before them stands in. */
export function withBinding<T>(tf: TensorFlow, replaced: Partial<BindingFunctions>, body: () => T): T {
  const backend = backendOf(tf);
  const original = backend.binding;
  const descriptors = Object.entries(replaced).map(([name, value]) => [name, { value }]);
  backend.binding = Object.create(original, Object.fromEntries(descriptors)) as Backend['binding'];
  try {
    return body();
  } finally {
    backend.binding = original;
  }
}
