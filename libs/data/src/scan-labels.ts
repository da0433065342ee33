import type { NumericArray } from './npy-types.ts';
import type { NpzArchive } from './npz.ts';
import { requireFinite, scanFault, shapeText } from './scan-fault.ts';
import { complexValues, readNumeric } from './scan-fields.ts';
import type { PatternLayout } from './scan-layout.ts';
import type { LabelStack } from './scan.ts';

/** Real labels come as a pair, complex ones under either name; the first that is there is taken (data spec §1). */
const realKeys = ['label_amp', 'label_phase'] as const;
const complexKeys = ['label', 'Y'] as const;

/** Whether the file holds labels under any of their names; what is in them is not looked at. */
export function hasLabelEntries(archive: NpzArchive): boolean {
  return [...realKeys, ...complexKeys].some((key) => archive.has(key));
}

/**
 * Labels as the file holds them: `label_amp` and `label_phase` (n, N, N), else `label`, else `Y` (n, N, N) complex.
 * `Y` of another scan is left aside with a warning, as the reference does.
 * @throws Fault naming the key when labels are of the wrong kind, incomplete or not finite
 */
export function readLabels(
  archive: NpzArchive,
  file: string,
  layout: PatternLayout,
  warnings: string[],
): LabelStack | null {
  const missing = realKeys.filter((key) => !archive.has(key));
  if (missing.length === 1) {
    throw scanFault(
      file,
      missing[0] as string,
      'nothing',
      'both label_amp and label_phase',
      'save the missing one or remove its partner',
    );
  }
  if (missing.length === 0) return readRealLabels(archive, file, layout);
  const key = complexKeys.find((name) => archive.has(name));
  if (key === undefined) return null;
  const array = readNumeric(archive, file, key);
  if (!fits(array, layout)) {
    if (key === 'label') throw wrongShape(file, key, array, layout);
    warnings.push(
      `${file}: Y has shape ${shapeText(array.shape)} instead of one ${layout.N}×${layout.N} patch for each of the ${layout.n} patterns, so it is not used`,
    );
    return null;
  }
  const values = complexValues(file, key, array);
  const amplitude = new Float32Array(values.length / 2);
  const phase = new Float32Array(values.length / 2);
  for (let i = 0; i < amplitude.length; i++) {
    amplitude[i] = Math.sqrt(values[2 * i] ** 2 + values[2 * i + 1] ** 2);
    phase[i] = Math.atan2(values[2 * i + 1], values[2 * i]);
  }
  return { source: key, amplitude, phase };
}

function readRealLabels(archive: NpzArchive, file: string, layout: PatternLayout): LabelStack {
  const [amplitude, phase] = realKeys.map((key) => {
    const array = readNumeric(archive, file, key);
    if (!fits(array, layout)) throw wrongShape(file, key, array, layout);
    if (array.dtype !== 'float32' && array.dtype !== 'float64') {
      const fix = `save ${key}.astype(numpy.float32)`;
      throw scanFault(file, key, `${array.dtype} values`, 'float32 values', fix);
    }
    requireFinite(file, key, array.data, array.shape);
    return array.dtype === 'float32' ? array.data : Float32Array.from(array.data);
  });
  return { source: realKeys.join(' and '), amplitude, phase };
}

/** (n, N, N), or with a trailing axis of length 1. */
function fits({ shape }: NumericArray, { n, N }: PatternLayout): boolean {
  const axes = shape.length === 4 && shape[3] === 1 ? shape.slice(0, 3) : shape;
  return axes.join() === [n, N, N].join();
}

function wrongShape(file: string, key: string, { shape }: NumericArray, { n, N }: PatternLayout): Error {
  return scanFault(
    file,
    key,
    `shape ${shapeText(shape)}`,
    `one patch for each pattern, ${shapeText([n, N, N])}`,
    'save a label for every pattern or leave the entry out',
  );
}
