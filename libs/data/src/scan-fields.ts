import { requireFinite, scanFault, shapeText } from './scan-fault.ts';
import type { NumericArray } from './npy-types.ts';
import type { NpzArchive } from './npz.ts';
import { probeModes } from './scan-layout.ts';
import type { ObjectImage, ProbeStack } from './scan.ts';

/** The amplitudes as float32; integers are refused because squaring or scaling counts as amplitudes goes wrong silently. */
export function realAmplitudes(file: string, key: string, array: NumericArray): Float32Array {
  if (array.dtype === 'float32') return array.data;
  if (array.dtype === 'float64') return Float32Array.from(array.data);
  const integers = !array.dtype.startsWith('complex') && array.dtype !== 'bool';
  throw scanFault(
    file,
    key,
    `${array.dtype} values${integers ? ', which are counts (intensities)' : ''}`,
    'float32 amplitudes (the square root of counts)',
    integers
      ? `save numpy.sqrt(${key}.astype(numpy.float32))`
      : `save the modulus as ${key}.astype(numpy.float32)`,
  );
}

/** Reads both coordinates; start positions are only checked, since nothing downstream uses them. */
export function readPositions(archive: NpzArchive, file: string): { x: Float64Array; y: Float64Array } {
  const [x, y] = (['xcoords', 'ycoords'] as const).map((key) => readVector(archive, file, key));
  if (x.length !== y.length) {
    throw scanFault(
      file,
      'ycoords',
      `${y.length} values for ${x.length} xcoords`,
      'matching shapes',
      'save one x and one y for each pattern',
    );
  }
  for (const key of ['xcoords_start', 'ycoords_start']) {
    if (archive.has(key) && archive.header(key).shape.join() !== String(x.length)) {
      throw scanFault(
        file,
        key,
        `shape ${shapeText(archive.header(key).shape)}`,
        `matching shapes, here ${shapeText([x.length])}`,
        'save as many start positions as positions or leave them out',
      );
    }
  }
  return { x, y };
}

function readVector(archive: NpzArchive, file: string, key: string): Float64Array {
  const array = readNumeric(archive, file, key);
  if (array.shape.length !== 1 || array.dtype.startsWith('complex')) {
    throw scanFault(
      file,
      key,
      `${array.dtype} of shape ${shapeText(array.shape)}`,
      'real numbers of shape (n,)',
      'save one position in object pixels for each pattern',
    );
  }
  const values = Float64Array.from(array.data as ArrayLike<number | bigint>, Number);
  requireFinite(file, key, values, array.shape);
  return values;
}

/** Reads the probe as P complex modes (P, N, N). */
export function readProbe(archive: NpzArchive, file: string, N: number): ProbeStack {
  const array = readNumeric(archive, file, 'probeGuess');
  const modes = probeModes(file, array.shape, N);
  const data = complexValues(file, 'probeGuess', array);
  const re = new Float32Array(modes * N * N);
  const im = new Float32Array(modes * N * N);
  let power = 0;
  for (let i = 0; i < re.length; i++) {
    re[i] = data[2 * i];
    im[i] = data[2 * i + 1];
    power += re[i] * re[i] + im[i] * im[i];
  }
  if (power === 0) {
    throw scanFault(
      file,
      'probeGuess',
      'a probe that is zero everywhere',
      'a lit probe',
      'save a probe estimate',
    );
  }
  return { modes, re, im };
}

/** A complex image (height, width): the object of a scan, or an object under another name. */
export function readObject(archive: NpzArchive, file: string, key = 'objectGuess'): ObjectImage {
  const array = readNumeric(archive, file, key);
  const [height, width] = array.shape;
  if (array.shape.length !== 2 || height === 0 || width === 0) {
    const shape = shapeText(array.shape);
    throw scanFault(file, key, `shape ${shape}`, '(height, width)', 'save one image or leave the entry out');
  }
  return { height, width, data: complexValues(file, key, array) };
}

/** (…, 2) interleaved. @throws Fault unless the entry is complex and finite. */
export function complexValues(file: string, key: string, array: NumericArray): Float32Array {
  if (array.dtype !== 'complex64' && array.dtype !== 'complex128') {
    const fix = `save ${key}.astype(numpy.complex64)`;
    throw scanFault(file, key, `${array.dtype} values`, 'complex64 values', fix);
  }
  const data = array.dtype === 'complex64' ? array.data : Float32Array.from(array.data);
  requireFinite(file, key, data, array.shape, 2);
  return data;
}

export function readNumeric(archive: NpzArchive, file: string, key: string): NumericArray {
  const entry = archive.read(key);
  if ('dtype' in entry && entry.dtype !== 'text') return entry;
  throw scanFault(file, key, 'text', 'an array of numbers', 'save the numbers themselves');
}
