import { assert, Fault, messageOf } from '@ptychofleet/base';
import { viewOf, type ParameterLayout, type PlacedTensor } from '@ptychofleet/params';
import { decodeHdf5, encodeHdf5, type Hdf5Object } from './hdf5.ts';

/** Shown to whoever opens the file without our documentation. */
const layoutNote =
  'float32, one dataset per parameter; convolution kernels (height, width, in, out), linear kernels (in, out)';

/** The parameters as HDF5: dotted names become groups, `encoder.conv1.weight` is `/encoder/conv1/weight`. */
export function writeWeightsFile(
  layout: ParameterLayout,
  weights: Float32Array,
  intensityScale: number,
): Promise<Uint8Array> {
  const attributes = [
    { name: 'layout', value: layoutNote },
    { name: 'layout_digest', value: layout.digest },
    { name: 'intensity_scale', value: intensityScale },
  ];
  const datasets = layout.tensors.map(({ name, shape }) => ({
    path: name.split('.'),
    shape,
    // A copy: a view would send the whole slab to the thread once per tensor.
    values: viewOf(layout, weights, name).slice(),
  }));
  return encodeHdf5(attributes, datasets);
}

/**
 * Reads exactly the parameters of `layout`: same names, shapes and type, all finite (bundle spec §9.5).
 * @throws Fault data-loss when it is no HDF5 file, failed-precondition with the first differences otherwise.
 */
export async function readWeightsFile(bytes: Uint8Array, layout: ParameterLayout): Promise<Float32Array> {
  // Values are stored plainly, so a layout that is larger than the file is refused before it is allocated.
  if (layout.size * 4 > bytes.byteLength) {
    throw damaged(`${bytes.byteLength} bytes for ${layout.size} float32 values`);
  }
  const objects = await decodeHdf5(bytes).catch((error: unknown) => {
    throw damaged(messageOf(error));
  });
  const found = new Map(objects.map((object) => [object.path.join('.'), object]));
  const known = new Set(layout.tensors.map(({ name }) => name));
  const differences = [
    ...layout.tensors.flatMap((tensor) => differenceOf(tensor, found.get(tensor.name)) ?? []),
    ...[...found.keys()]
      .filter((name) => !known.has(name))
      .map((name) => `${name} is not a parameter of this model`),
  ];
  if (differences.length > 0) throw mismatch(differences);

  const weights = new Float32Array(layout.size);
  for (const { name, offset } of layout.tensors) {
    const values = found.get(name)?.values;
    assert(values !== undefined && values !== null, `${name} was compared before`);
    weights.set(values, offset);
  }
  return weights;
}

function differenceOf({ name, shape }: PlacedTensor, found: Hdf5Object | undefined): string | null {
  if (found === undefined) return `${name} is missing`;
  if (found.values === null) return `${name} has type ${found.type}, expected float32`;
  const [received, expected] = [found.shape, shape].map((sides) => `(${sides.join(', ')})`);
  if (received !== expected) return `${name} has shape ${received}, expected ${expected}`;
  const bad = found.values.findIndex((value) => !Number.isFinite(value));
  return bad < 0 ? null : `${name} holds ${found.values[bad]} at element ${bad}`;
}

function damaged(reason: string): Fault {
  return new Fault(
    'data-loss',
    `weights.h5: received a damaged file (${reason}), expected HDF5 with one float32 dataset per parameter; ` +
      'copy the bundle again',
    { field: 'weights.h5', received: reason, expected: 'HDF5' },
  );
}

function mismatch(differences: readonly string[]): Fault {
  const first = differences.slice(0, 3).join('; ');
  const more = differences.length > 3 ? ` and ${differences.length - 3} more` : '';
  return new Fault(
    'failed-precondition',
    `weights.h5: received weights of another architecture (${first}${more}), expected exactly the tensors of model.json; ` +
      'train the model again, there is no lenient loading',
    { field: 'weights.h5', received: first, expected: 'the tensors of model.json' },
  );
}
