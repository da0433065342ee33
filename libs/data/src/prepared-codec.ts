import { Fault, messageOf } from '@ptychofleet/base';
import type { NpyArray, NumericArray, NumericDtype } from './npy-types.ts';
import { NpzArchive, writeNpz } from './npz.ts';
import type { PreparedScales, PreparedScan } from './prepared-scan.ts';

const formatName = 'ptychofleet-prepared-scan-1';

/** Packs a prepared scan as an uncompressed NPZ file with its scalars as JSON text; byte-stable. */
export function encodePrepared(prepared: PreparedScan): Uint8Array {
  const { N, C, groupCount: G, patternCount: n, modes: P, labels } = prepared;
  const frames = [n, N, N];
  const header = JSON.stringify({ format: formatName, N, C, scales: prepared.scales });
  return writeNpz(
    [
      ['header', { dtype: 'text', shape: [], data: [header] }],
      ['patterns', { dtype: 'float32', shape: frames, data: prepared.patterns }],
      ['groups', { dtype: 'int32', shape: [G, C], data: prepared.groups }],
      ['relative', { dtype: 'float32', shape: [G, C, 2], data: prepared.relative }],
      ['positions', { dtype: 'float64', shape: [n, 2], data: prepared.positions }],
      ['probeRe', { dtype: 'float32', shape: [P, N, N], data: prepared.probeRe }],
      ['probeIm', { dtype: 'float32', shape: [P, N, N], data: prepared.probeIm }],
      ['lossConstant', { dtype: 'float64', shape: [n], data: prepared.lossConstant }],
      ...(labels === undefined
        ? []
        : ([
            ['labelAmplitude', { dtype: 'float32', shape: frames, data: labels.amplitude }],
            ['labelPhase', { dtype: 'float32', shape: frames, data: labels.phase }],
          ] as [string, NpyArray][])),
    ],
    { compress: false },
  );
}

/** Unpacks what {@link encodePrepared} packed. @throws Fault when the bytes are anything else. */
export function decodePrepared(bytes: Uint8Array): PreparedScan {
  const archive = new NpzArchive(bytes, label);
  const { N, C, scales } = readHeader(archive);
  const patterns = read(archive, 'patterns', 'float32', [null, N, N]);
  const groups = read(archive, 'groups', 'int32', [null, C]);
  const probeRe = read(archive, 'probeRe', 'float32', [null, N, N]);
  const [n, G, P] = [patterns.shape[0], groups.shape[0], probeRe.shape[0]];
  if (groups.data.some((point) => point < 0 || point >= n)) throw damaged('groups point beyond the patterns');
  return {
    N,
    C,
    groupCount: G,
    patternCount: n,
    modes: P,
    patterns: patterns.data,
    groups: groups.data,
    relative: read(archive, 'relative', 'float32', [G, C, 2]).data,
    positions: read(archive, 'positions', 'float64', [n, 2]).data,
    probeRe: probeRe.data,
    probeIm: read(archive, 'probeIm', 'float32', [P, N, N]).data,
    scales,
    lossConstant: read(archive, 'lossConstant', 'float64', [n]).data,
    ...(archive.has('labelAmplitude') && {
      labels: {
        amplitude: read(archive, 'labelAmplitude', 'float32', [n, N, N]).data,
        phase: read(archive, 'labelPhase', 'float32', [n, N, N]).data,
      },
    }),
  };
}

const label = 'prepared scan';
const scaleNames = ['amplitude', 'physics', 'probeFactor', 'meanAmplitude', 'object'] as const;

function readHeader(archive: NpzArchive): { N: number; C: number; scales: PreparedScales } {
  const entry = archive.read('header');
  let header: { format?: unknown; N?: unknown; C?: unknown; scales?: Record<string, unknown> } | null;
  try {
    header = JSON.parse('dtype' in entry && entry.dtype === 'text' ? entry.data[0] : '');
  } catch (error) {
    throw damaged(`its header is no JSON (${messageOf(error)})`);
  }
  if (header?.format !== formatName) throw damaged(`its header does not name the format ${formatName}`);
  const { N, C } = header;
  if (!isCount(N) || !isCount(C)) throw damaged('its header lacks N or C');
  const values = scaleNames.map((name) => header.scales?.[name]);
  if (!values.every((value) => typeof value === 'number' && value > 0))
    throw damaged('its scales are not positive');
  return {
    N,
    C,
    scales: Object.fromEntries(scaleNames.map((name, i) => [name, values[i]])) as unknown as PreparedScales,
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function read<D extends NumericDtype>(
  archive: NpzArchive,
  key: string,
  dtype: D,
  shape: readonly (number | null)[],
): Extract<NumericArray, { dtype: D }> {
  const entry = archive.read(key);
  const fits =
    'dtype' in entry &&
    entry.dtype === dtype &&
    entry.shape.length === shape.length &&
    shape.every((side, axis) => side === null || side === entry.shape[axis]);
  if (!fits)
    throw damaged(`${key} is not ${dtype} of shape (${shape.map((side) => side ?? 'any').join(', ')})`);
  return entry as Extract<NumericArray, { dtype: D }>;
}

function damaged(why: string): Fault {
  return new Fault('data-loss', `${label}: is damaged: ${why}; prepare the scan again`, { field: label });
}
