import { Fault, invalidInput } from '@ptychofleet/base';
import { NpzArchive, openByteSource, readNumeric, readObject, type NumericArray } from '@ptychofleet/data';
import { fromInterleaved, type ComparableObject } from '@ptychofleet/imaging';

/** Bounds on what a file may ask for: an image of 4096 px a side, and a million patches. */
const maxPixels = 2 ** 24;
const maxPositions = 2 ** 20;

/**
 * Reads a reconstruction: `object` and, as far as they are there, `origin`, `lit` and `positions` (docs/data.md).
 *
 * @param flag what named the file, for faults.
 */
export function readReconstruction(flag: string, path: string): ComparableObject {
  return withArchive(flag, path, (archive) => decodeReconstruction(archive, path));
}

/** Reads what reconstructions are compared with: the `objectGuess` of a scan, or `object` as in a reconstruction. */
export function readReference(flag: string, path: string): ComparableObject {
  return withArchive(flag, path, (archive) => {
    if (archive.has('object')) return decodeReconstruction(archive, path);
    if (!archive.has('objectGuess'))
      throw invalidInput(
        `${path}: object`,
        `a file that holds ${archive.keys.join(', ') || 'no arrays'}`,
        'a complex array object, or the objectGuess of a scan',
        'name a file with one of them',
      );
    const image = readImage(archive, path, 'objectGuess');
    // positions of a scan count pixels of its object
    return { image, origin: { x: 0, y: 0 }, lit: null, positions: null };
  });
}

/** @param file names the reconstruction in faults. */
export function decodeReconstruction(archive: NpzArchive, file: string): ComparableObject {
  const image = readImage(archive, file, 'object');
  const [x, y] = optionalNumbers(archive, file, 'origin', [2]) ?? [];
  const lit = optionalNumbers(archive, file, 'lit', [image.height, image.width]);
  return {
    image,
    origin: x === undefined || y === undefined ? null : { x, y },
    lit: lit === null ? null : Uint8Array.from(lit, (value) => (value === 0 ? 0 : 1)),
    positions: readPositions(archive, file),
  };
}

function withArchive<T>(flag: string, path: string, read: (archive: NpzArchive) => T): T {
  try {
    // patterns of a scan are not needed, and stay on disk
    const source = openByteSource(path);
    try {
      return read(new NpzArchive(source, path));
    } finally {
      source.close();
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(error.kind, `${flag} ${error.message}`, error.details, { cause: error });
  }
}

function readImage(archive: NpzArchive, file: string, key: string): ComparableObject['image'] {
  const { shape } = archive.header(key);
  if (shape.reduce((pixels, side) => pixels * side, 1) > maxPixels)
    throw invalidInput(
      `${file}: ${key}`,
      shape.join('×'),
      `at most ${maxPixels} pixels`,
      'save the part of the object that was scanned',
    );
  const { height, width, data } = readObject(archive, file, key);
  if (data.every((value) => value === 0))
    throw invalidInput(
      `${file}: ${key}`,
      'an object that is zero everywhere',
      'a lit object',
      'check the export',
    );
  return fromInterleaved(height, width, data);
}

function readPositions(archive: NpzArchive, file: string): Float64Array | null {
  if (!archive.has('positions')) return null;
  const [count = 0] = archive.header('positions').shape;
  if (count < 1 || count > maxPositions)
    throw invalidInput(
      `${file}: positions`,
      `${count} positions`,
      `1 to ${maxPositions}`,
      'save the stitched ones',
    );
  return optionalNumbers(archive, file, 'positions', [count, 2]);
}

/** Real, finite numbers of a shape; null when the entry is not there. */
function optionalNumbers(
  archive: NpzArchive,
  file: string,
  key: string,
  expected: readonly number[],
): Float64Array | null {
  if (!archive.has(key)) return null;
  const { shape } = archive.header(key);
  const wrong = (received: string): Error =>
    invalidInput(
      `${file}: ${key}`,
      received,
      `finite real numbers of shape (${expected.join(', ')})`,
      'save it as `infer` does',
    );
  if (shape.join() !== expected.join()) throw wrong(`shape (${shape.join(', ')})`);
  const array: NumericArray = readNumeric(archive, file, key);
  if (array.dtype.startsWith('complex')) throw wrong(`${array.dtype} values`);
  const values = Float64Array.from(array.data as ArrayLike<number | bigint>, Number);
  if (!values.every(Number.isFinite)) throw wrong('numbers that are NaN or infinite');
  return values;
}
