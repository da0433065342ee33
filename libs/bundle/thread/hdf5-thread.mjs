// @ts-check
/**
 * HDF5 in a thread of its own: one request, one answer, then the thread and all of h5wasm's state are gone.
 *
 * Why a thread. HDF5 stamps each object with the time of day, which h5wasm takes from `Date.now` and cannot switch off:
 * the same weights written two seconds apart would differ. Here the clock stands still and nothing else sees it. And a
 * damaged file can leave the library unusable (measured: "memory access out of bounds" in every later call), which
 * must not outlive the file.
 *
 * Why plain JavaScript beside `src`. Sources under test and the built `dist` load the same file, and Node 20 cannot
 * start a thread from TypeScript. It knows nothing of bundles; the rules are in src/weights-file.ts.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Dataset, File, FS, Group, ready } from 'h5wasm';

Date.now = () => 0;

/** In h5wasm's in-memory file system: nothing touches a disk. */
const memoryPath = '/file.h5';

/** Links may form cycles and names may be many; no network of ours comes near these. */
const depthMax = 32;
const objectsMax = 20_000;

/** @param {{ attributes: { name: string, value: string | number }[],
 *   datasets: { path: string[], shape: number[], values: Float32Array }[] }} request */
function write({ attributes, datasets }) {
  const file = new File(memoryPath, 'w');
  for (const { name, value } of attributes) {
    file.create_attribute(name, value, [], typeof value === 'string' ? `S${value.length}` : '<d');
  }
  for (const { path, shape, values } of datasets) {
    const parent = path.slice(0, -1).reduce(childGroup, file);
    parent.create_dataset({ name: path[path.length - 1], data: values, shape, dtype: '<f' });
  }
  file.close();
  return FS?.readFile(memoryPath);
}

/** @param {Group} parent @param {string} name */
function childGroup(parent, name) {
  const found = parent.keys().includes(name) ? parent.get(name) : parent.create_group(name);
  if (!(found instanceof Group)) throw new Error(`${name} is a dataset and a group`);
  return found;
}

/** Everything in the file, in the file's order. @param {{ bytes: Uint8Array, valueBytesMax: number }} request */
function read({ bytes, valueBytesMax }) {
  FS?.writeFile(memoryPath, bytes);
  const objects = [];
  let budgetBytes = valueBytesMax;
  /** @param {Group} group @param {string[]} path */
  const visit = (group, path) => {
    for (const key of group.keys()) {
      const here = [...path, key];
      if (here.length > depthMax || objects.length >= objectsMax) throw new Error('too many objects');
      const object = group.get(key);
      if (object instanceof Group) {
        visit(object, here);
      } else if (object instanceof Dataset && object.dtype === '<f') {
        const shape = object.shape ?? [];
        budgetBytes -= 4 * shape.reduce((product, side) => product * side, 1);
        if (!(budgetBytes >= 0)) throw new Error('datasets larger than their file allows');
        const { value } = object;
        // A dataset without sides comes as a bare number.
        const values = typeof value === 'number' ? Float32Array.of(value) : value;
        objects.push({ path: here, type: 'float32', shape, values });
      } else {
        const [type, shape] =
          object instanceof Dataset ? [JSON.stringify(object.dtype), object.shape ?? []] : ['no dataset', []];
        objects.push({ path: here, type, shape, values: null });
      }
    }
  };
  visit(new File(memoryPath, 'r'), []);
  return objects;
}

const hdf5 = await ready;
// Else HDF5 prints what is wrong to stderr and goes on with whatever it has.
hdf5.activate_throwing_error_handler();
try {
  parentPort?.postMessage({ result: workerData.kind === 'write' ? write(workerData) : read(workerData) });
} catch (error) {
  parentPort?.postMessage({ failure: error instanceof Error ? error.message : String(error) });
}
