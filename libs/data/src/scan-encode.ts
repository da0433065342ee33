import { assert } from '@ptychofleet/base';
import { metadataKey } from './npy.ts';
import type { NpyArray } from './npy-types.ts';
import { writeNpz } from './npz.ts';
import type { ScanDataset } from './scan.ts';

/**
 * Writes a scan in the standalone NPZ form (data spec §1). Start positions are copies and `scan_index` is zero, as
 * readers assume when they are absent; `_metadata` is plain text, so no reader has to unpickle it.
 */
export function encodeScan(scan: ScanDataset, options: { readonly compress?: boolean } = {}): Uint8Array {
  const { n, N, probe, object } = scan;
  assert(scan.diffraction.length === n * N * N, 'diffraction does not hold (n, N, N) values');
  const frame = [N, N];
  const interleaved = new Float32Array(2 * probe.re.length);
  for (let i = 0; i < probe.re.length; i++) {
    interleaved[2 * i] = probe.re[i];
    interleaved[2 * i + 1] = probe.im[i];
  }
  const x: NpyArray = { dtype: 'float64', shape: [n], data: scan.x };
  const y: NpyArray = { dtype: 'float64', shape: [n], data: scan.y };
  const entries: [string, NpyArray][] = [
    ['diff3d', { dtype: 'float32', shape: [n, ...frame], data: scan.diffraction }],
    [
      'probeGuess',
      { dtype: 'complex64', shape: probe.modes === 1 ? frame : [probe.modes, ...frame], data: interleaved },
    ],
    ['xcoords', x],
    ['ycoords', y],
    ['xcoords_start', x],
    ['ycoords_start', y],
    ['scan_index', { dtype: 'int32', shape: [n], data: new Int32Array(n) }],
  ];
  if (object) {
    entries.push([
      'objectGuess',
      { dtype: 'complex64', shape: [object.height, object.width], data: object.data },
    ]);
  }
  if (scan.labels) {
    const { amplitude, phase } = scan.labels;
    entries.push(['label_amp', { dtype: 'float32', shape: [n, ...frame], data: amplitude }]);
    entries.push(['label_phase', { dtype: 'float32', shape: [n, ...frame], data: phase }]);
  }
  const { raw, nphotons } = scan.metadata;
  const metadata = raw ?? (nphotons === null ? null : { physics_parameters: { nphotons } });
  if (metadata !== null) {
    entries.push([metadataKey, { dtype: 'text', shape: [], data: [JSON.stringify(metadata)] }]);
  }
  return writeNpz(entries, options);
}
