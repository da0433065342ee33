import { Fault, messageOf } from '@ptychofleet/base';
import type { ExchangeLayout } from '@ptychofleet/model';
import type { ExportedTensor, ForeignTensor } from './exchange.ts';
import { decodeHdf5, encodeHdf5 } from './hdf5.ts';

/** HDF5 lists by name, so the order of the layout stands in the attribute `tensor_order`, a name per line. */
const orderAttribute = 'tensor_order';

/** Element types that come instead of ours, by HDF5's name for them. */
const typeNames: Readonly<Record<string, string>> = {
  '"<d"': 'float64',
  '">d"': 'big-endian float64',
  '">f"': 'big-endian float32',
};

/** Other writers compress; weights shrink little, so what claims to grow more than this is a bomb. */
const expansionMax = 20;
const expandedBytesMax = 2 ** 30;

/**
 * Tensors as HDF5: a flat file of dotted names for `torch`, so that its keys are those of a state dictionary, and
 * groups by layer for `keras`. Equal tensors give equal bytes.
 */
export function encodeTensorsHdf5(
  tensors: readonly ExportedTensor[],
  layout: ExchangeLayout,
): Promise<Uint8Array> {
  const attributes = [
    { name: 'layout', value: layout },
    { name: orderAttribute, value: tensors.map(({ name }) => name).join('\n') },
  ];
  const datasets = tensors.map(({ name, shape, values }) => ({
    path: layout === 'torch' ? [name] : name.split('/'),
    shape,
    values,
  }));
  return encodeHdf5(attributes, datasets);
}

/**
 * All tensors of an HDF5 file of unknown origin, whether their names are flat or groups.
 * @throws Fault data-loss when it cannot be read.
 */
export async function decodeTensorsHdf5(bytes: Uint8Array, layout: ExchangeLayout): Promise<ForeignTensor[]> {
  const valueBytesMax = Math.min(expandedBytesMax, expansionMax * bytes.byteLength);
  const objects = await decodeHdf5(bytes, valueBytesMax).catch((error: unknown) => {
    const reason = messageOf(error);
    const message = `received a file that is no whole HDF5 (${reason}), expected one float32 dataset per parameter; write it again`;
    throw new Fault('data-loss', message, { received: reason, expected: 'HDF5' });
  });
  const separator = layout === 'torch' ? '.' : '/';
  return objects.map(({ path, type, shape, values }) => ({
    name: path.join(separator),
    type: typeNames[type] ?? type,
    shape,
    values,
  }));
}
