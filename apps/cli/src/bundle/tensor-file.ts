import { invalidInput } from '@ptychofleet/base';
import {
  decodeTensorsHdf5,
  encodeTensorsHdf5,
  type ExchangeLayout,
  type ExportedTensor,
  type ForeignTensor,
} from '@ptychofleet/bundle';
import { readNpz, writeNpz, type NpyArray } from '@ptychofleet/data';
import { naming } from './bundle-file.ts';

/** Far above the largest network (208 million parameters), far below what hurts. */
const npzLimits = { maxEntries: 4096, maxTotalBytes: 2 ** 30 };

const formats: Readonly<Record<string, TensorFormat>> = { '.npz': 'npz', '.h5': 'hdf5', '.hdf5': 'hdf5' };

export type TensorFormat = 'npz' | 'hdf5';

/** What a file of tensors is, by its name. @throws Fault naming the extensions that are known */
export function tensorFormatOf(field: string, path: string): TensorFormat {
  const extension = /\.[^./\\]+$/.exec(path)?.[0].toLowerCase() ?? '';
  const format = Object.hasOwn(formats, extension) ? formats[extension] : undefined;
  if (format !== undefined) return format;
  throw invalidInput(field, path, `a file name that ends in ${Object.keys(formats).join(', ')}`);
}

/** Equal tensors give equal bytes; an NPZ keeps their order. */
export async function encodeTensorFile(
  format: TensorFormat,
  tensors: readonly ExportedTensor[],
  layout: ExchangeLayout,
): Promise<Uint8Array> {
  if (format === 'hdf5') return encodeTensorsHdf5(tensors, layout);
  const arrays = tensors.map(({ name, shape, values }): [string, NpyArray] => [
    name,
    { dtype: 'float32', shape, data: values },
  ]);
  // Weights do not compress.
  return writeNpz(arrays, { compress: false });
}

/**
 * @param label names the file in errors.
 * @throws Fault when the file cannot be read, or would unpack to more than any network holds
 */
export async function decodeTensorFile(
  format: TensorFormat,
  bytes: Uint8Array,
  layout: ExchangeLayout,
  label: string,
): Promise<ForeignTensor[]> {
  if (format === 'hdf5') return naming(label, () => decodeTensorsHdf5(bytes, layout));
  return [...readNpz(bytes, label, npzLimits)].map(([name, entry]) => {
    if ('pickledJson' in entry) return { name, type: 'a pickled text', shape: [], values: null };
    const { dtype, shape } = entry;
    return { name, type: dtype, shape, values: dtype === 'float32' ? entry.data : null };
  });
}
