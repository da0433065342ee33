import { unzipSync, zipSync } from 'fflate';
import { npzOf, validEntries } from '../../libs/data/src/scan.test-support.ts';

const n = 8;
const N = 64;
const whole = npzOf(validEntries(n));

type Entries = ReturnType<typeof validEntries>;

function tampered(change: (entries: Entries) => void): Uint8Array {
  const entries = validEntries(n);
  change(entries);
  return npzOf(entries);
}

const zeros = (...shape: number[]): Entries[string] => ({
  dtype: 'float32',
  shape,
  data: new Float32Array(shape.reduce((size, length) => size * length, 1)).fill(0.5),
});

/** A scan whose patterns are an object array, as `numpy.save` pickles it: opening it would run code. */
function pickled(): Uint8Array {
  const text = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }";
  const header = Buffer.from(`${text.padEnd(117)}\n`);
  const magic = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]);
  // Protocol 4, then os.system('true').
  const pickle = Buffer.from('\x80\x04cos\nsystem\n(S"true"\ntR.', 'latin1');
  return zipSync({ ...unzipSync(whole), 'diff3d.npy': Buffer.concat([magic, header, pickle]) });
}

/** Scans that cannot be used: what is wrong, the file, and what the sentence about it has to say. */
export const badScans: readonly (readonly [what: string, bytes: Uint8Array, says: RegExp])[] = [
  ['not a zip', Buffer.from('diff3d: 1 2 3\n'.repeat(100)), /not a ZIP/],
  ['empty', new Uint8Array(), /ZIP/],
  ['a truncated zip', whole.subarray(0, whole.length / 2), /cut short/],
  ['pickled', pickled(), /diff3d.*(pickle|object)/],
  [
    'without its probe',
    tampered((entries) => delete (entries as Partial<Entries>)['probeGuess']),
    /probeGuess.*missing/,
  ],
  [
    'without patterns',
    tampered((entries) => delete (entries as Partial<Entries>)['diff3d']),
    /diff3d.*missing/,
  ],
  ['of one flat pattern', tampered((entries) => (entries['diff3d'] = zeros(N, N))), /diff3d.*\(n, N, N\)/],
  [
    'of more patterns than positions',
    tampered((entries) => (entries['diff3d'] = zeros(n + 1, N, N))),
    /received.*expected/,
  ],
  ['of oblong patterns', tampered((entries) => (entries['diff3d'] = zeros(n, N, N - 16))), /diff3d.*square/],
  [
    'of patterns that the probe does not fit',
    tampered((entries) => (entries['diff3d'] = zeros(n, 2 * N, 2 * N))),
    /64.*128|128.*64/,
  ],
  [
    'with NaN in its last pattern',
    tampered(({ diff3d }) => ((diff3d!.data as Float32Array)[n * N * N - 1] = NaN)),
    /diff3d.*NaN.*\[7, 63, 63\]/,
  ],
  [
    'with a negative amplitude',
    tampered(({ diff3d }) => ((diff3d!.data as Float32Array)[5] = -1)),
    /diff3d.*negative/,
  ],
  [
    'with an infinite position',
    tampered(({ xcoords }) => ((xcoords!.data as Float64Array)[0] = Infinity)),
    /xcoords.*infinite/,
  ],
];

export const goodScan = whole;
export const threePatterns = npzOf(validEntries(3));
