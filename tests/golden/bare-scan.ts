import {
  prepareScan,
  type PrepareOptions,
  type PreparedScan,
  type ProbeStack,
  type ScanDataset,
} from '@ptychofleet/data';

/** What a golden file gives of a scan; its sides are those of the file, which scan files may not have. */
export interface BareScan {
  /** (n, N, N) */
  readonly diffraction: Float32Array;
  readonly N: number;
  readonly x?: Float64Array;
  readonly y?: Float64Array;
  readonly probe?: ProbeStack;
}

/** Normalises bare patterns; without groups every pattern is one of its own. */
export function prepare(
  { diffraction, N, x, y, probe }: BareScan,
  options: Partial<PrepareOptions> = {},
  groups?: Int32Array,
): PreparedScan {
  const n = diffraction.length / (N * N);
  const lit = new Float32Array(N * N).fill(1);
  const scan: ScanDataset = {
    n,
    N,
    diffraction,
    x: x ?? new Float64Array(n),
    y: y ?? new Float64Array(n),
    probe: probe ?? { modes: 1, re: lit, im: lit },
    object: null,
    metadata: { nphotons: null, raw: null },
    warnings: [],
  };
  return prepareScan(scan, groups ?? Int32Array.from({ length: n }, (_, i) => i), {
    gridsize: 1,
    nphotons: 1,
    probeScale: 1,
    probeNormalization: 'none',
    targetAmplitude: 1,
    ...options,
  });
}
