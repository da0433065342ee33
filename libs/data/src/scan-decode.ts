import { Fault } from '@ptychofleet/base';
import type { ByteSource } from './byte-source.ts';
import { metadataKey } from './npy.ts';
import { NpzArchive } from './npz.ts';
import { placeText, requireFinite, scanFault } from './scan-fault.ts';
import { readNumeric, readObject, readPositions, readProbe, realAmplitudes } from './scan-fields.ts';
import { hasLabelEntries, readLabels } from './scan-labels.ts';
import { patternLayout, probeModes, type PatternLayout } from './scan-layout.ts';
import { parseMetadata } from './scan-metadata.ts';
import type { ScanDataset, ScanHeader, ScanMetadata } from './scan.ts';

/** Both spellings of the diffraction entry; the first is preferred (data spec §2). */
const diffractionKeys = ['diff3d', 'diffraction'] as const;

/**
 * Reads and validates a standalone NPZ scan (data spec §1-4, §14).
 * @param file names the scan in faults and warnings.
 * @throws Fault naming file, key, what was received, what is expected and how to mend it.
 */
export function decodeScan(input: Uint8Array | ByteSource, file: string): ScanDataset {
  const archive = new NpzArchive(input, file);
  const warnings: string[] = [];
  const metadata = readMetadata(archive, file, warnings);
  const { x, y } = readPositions(archive, file);
  const { key, layout, diffraction } = readDiffraction(archive, file, x.length);
  const { n, N } = layout;
  checkAmplitude(file, key, diffraction, layout, warnings);
  const probe = readProbe(archive, file, N);
  if (x.length > n)
    warnings.push(
      `${file}: xcoords holds ${x.length} positions for ${n} patterns, the last ${x.length - n} are dropped`,
    );
  const object = archive.has('objectGuess') ? readObject(archive, file) : null;
  const labels = readLabels(archive, file, layout, warnings);
  const positions = { x: x.slice(0, n), y: y.slice(0, n) };
  return {
    n,
    N,
    diffraction,
    ...positions,
    probe,
    object,
    ...(labels && { labels }),
    metadata,
    warnings,
  };
}

/** Reads sizes and metadata from array headers; the patterns stay packed, so a large file costs no memory. */
export function readScanHeader(input: Uint8Array | ByteSource, file: string): ScanHeader {
  const archive = new NpzArchive(input, file);
  const metadata = readMetadata(archive, file, []);
  const positions = archive.header('xcoords').shape;
  const key = diffractionKey(archive, file);
  const { descr, shape } = archive.header(key);
  // Pickled patterns have the shape of a list; what is wrong with them is something else, and reading says what.
  if (descr.includes('O')) readNumeric(archive, file, key);
  const { n, N } = patternLayout(file, key, shape, positions[0] ?? 0);
  const modes = probeModes(file, archive.header('probeGuess').shape, N);
  const hasObject = archive.has('objectGuess');
  const hasLabels = hasObject || hasLabelEntries(archive);
  return { n, N, modes, nphotons: metadata.nphotons, hasObject, hasLabels };
}

function readMetadata(archive: NpzArchive, file: string, warnings: string[]): ScanMetadata {
  return parseMetadata(archive.has(metadataKey) ? archive.read(metadataKey) : undefined, file, warnings);
}

function diffractionKey(archive: NpzArchive, file: string): string {
  const key = diffractionKeys.find((candidate) => archive.has(candidate));
  if (key !== undefined) return key;
  throw new Fault(
    'invalid-input',
    `${file}: diff3d: is missing (as is its other name diffraction), the file holds ${archive.keys.join(', ') || 'no arrays'}; ` +
      'add the diffraction amplitudes and save again',
    { field: 'diff3d', received: archive.keys.join(', ') },
  );
}

function readDiffraction(
  archive: NpzArchive,
  file: string,
  positions: number,
): { key: string; layout: PatternLayout; diffraction: Float32Array } {
  const key = diffractionKey(archive, file);
  const read = (name: string): { layout: PatternLayout; diffraction: Float32Array } => {
    const array = readNumeric(archive, file, name);
    const layout = patternLayout(file, name, array.shape, positions);
    const values = realAmplitudes(file, name, array);
    return { layout, diffraction: layout.patternsLast ? patternsFirst(values, layout) : values };
  };
  const result = read(key);
  const other = diffractionKeys[1];
  if (key !== other && archive.has(other)) {
    const twin = read(other);
    const at = twin.layout.n === result.layout.n ? firstDifference(result.diffraction, twin.diffraction) : 0;
    if (at >= 0) {
      throw scanFault(
        file,
        key,
        `other values than under ${other}`,
        'the same patterns under both names',
        'remove one of the two entries',
      );
    }
  }
  return { key, ...result };
}

function checkAmplitude(
  file: string,
  key: string,
  values: Float32Array,
  { n, N }: PatternLayout,
  warnings: string[],
): void {
  const shape = [n, N, N];
  requireFinite(file, key, values, shape);
  const area = N * N;
  let negative = 0;
  let firstNegative = -1;
  let empty = 0;
  let whole = true;
  let largest = 0;
  for (let pattern = 0; pattern < n; pattern++) {
    let lit = false;
    for (let i = pattern * area; i < (pattern + 1) * area; i++) {
      const value = values[i];
      if (value < 0 && negative++ === 0) firstNegative = i;
      if (value !== 0) lit = true;
      if (value > largest) largest = value;
      whole &&= Number.isInteger(value);
    }
    if (!lit) empty++;
  }
  if (negative > 0) {
    throw scanFault(
      file,
      key,
      `${negative} negative values, the first at ${placeText(firstNegative, shape)}`,
      'amplitudes ≥ 0',
      'subtract the background before taking the square root and clip at 0',
    );
  }
  if (empty === n) {
    throw scanFault(file, key, 'patterns that are all zero', 'at least one lit pattern', 'check the export');
  }
  if (empty > 0) warnings.push(`${file}: ${key} holds ${empty} patterns of ${n} that are all zero`);
  if (whole && largest > 1) {
    warnings.push(
      `${file}: ${key} holds whole numbers only, which look like counts rather than amplitudes; take the square root if so`,
    );
  }
}

/** (N, N, n) to (n, N, N). */
function patternsFirst(values: Float32Array, { n, N }: PatternLayout): Float32Array {
  const result = new Float32Array(values.length);
  const area = N * N;
  for (let i = 0; i < area; i++) {
    for (let pattern = 0; pattern < n; pattern++) result[pattern * area + i] = values[i * n + pattern];
  }
  return result;
}

function firstDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return 0;
  return a.findIndex((value, i) => value !== b[i] && !(Number.isNaN(value) && Number.isNaN(b[i])));
}
