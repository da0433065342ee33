import { assert, Fault, invalidInput } from '@ptychofleet/base';
import { requireGroups } from './grouping.ts';
import { labelsOf } from './labels.ts';
import type { PreparedScales, PreparedScan } from './prepared-scan.ts';
import type { ProbeStack, ScanDataset } from './scan.ts';
import { stirlingRemainder } from './stirling.ts';

export interface PrepareOptions {
  /** Side of a group; `groups` holds gridsize² indices each. */
  readonly gridsize: number;
  /** Mean photons per pattern that fix the physics scale. */
  readonly nphotons: number;
  /** The model divides the installed probe by this. */
  readonly probeScale: number;
  /** `none` installs the probe of the file; `target` rescales it so that the network emits `targetAmplitude`. */
  readonly probeNormalization: 'none' | 'target';
  /** Mean object amplitude the network has to emit, about 0.05 for swish and 0.5 for sigmoid (training spec §2.4). */
  readonly targetAmplitude: number;
  /** Scales to take over instead of deriving them, for example those a bundle was trained with. */
  readonly scales?: Partial<Omit<PreparedScales, 'object'>>;
  /** What compares the object with labels, for the sentence that says that there are none; leave out to carry no labels. */
  readonly labelsFor?: string;
}

/**
 * Normalises a scan for the given groups. Only patterns that some group uses are kept, in file order.
 * @param groups (G, C) indices into the patterns of `scan`.
 * @throws Fault when the lit patterns hold no signal, labels are asked for and missing, or an option is out of range.
 */
export function prepareScan(scan: ScanDataset, groups: Int32Array, options: PrepareOptions): PreparedScan {
  const { N } = scan;
  const C = options.gridsize ** 2;
  requireGroups(groups, C, scan.n);
  for (const field of ['nphotons', 'probeScale', 'targetAmplitude'] as const) {
    if (!(options[field] > 0 && Number.isFinite(options[field]))) {
      throw invalidInput(field, options[field], 'a positive number');
    }
  }
  const used = Uint8Array.from({ length: scan.n });
  groups.forEach((point) => (used[point] = 1));
  const kept = Int32Array.from({ length: scan.n }, (_, i) => i).filter((point) => used[point] === 1);
  const place = new Int32Array(scan.n).fill(-1);
  kept.forEach((point, i) => (place[point] = i));
  const packed = groups.map((point) => place[point]);

  const area = N * N;
  const patterns = new Float32Array(kept.length * area);
  kept.forEach((point, i) =>
    patterns.set(scan.diffraction.subarray(point * area, (point + 1) * area), i * area),
  );
  const amplitude = options.scales?.amplitude ?? amplitudeScale(patterns, packed, N);
  for (let i = 0; i < patterns.length; i++) patterns[i] *= amplitude;

  const physics =
    options.scales?.physics ??
    Math.sqrt(options.nphotons / groupMean(patterns, packed, area, (value) => value * value));
  const meanAmplitude =
    options.scales?.meanAmplitude ?? groupMean(patterns, packed, area, (value) => value) / area + 1e-8;
  const probeFactor = options.scales?.probeFactor ?? probeFactorOf(scan.probe, N, options);
  // The forward model gives X = |F(O_net P' / probe_scale)| / N, the file A = |F(O P)| / N.
  const object = probeFactor / (amplitude * options.probeScale);
  const labels = options.labelsFor === undefined ? null : labelsOf(scan, kept, object, options.labelsFor);
  const positions = new Float64Array(kept.length * 2);
  kept.forEach((point, i) => positions.set([scan.x[point], scan.y[point]], 2 * i));
  return {
    N,
    C,
    groupCount: packed.length / C,
    patternCount: kept.length,
    modes: scan.probe.modes,
    patterns,
    groups: packed,
    relative: relativeOffsets(positions, packed, C),
    positions,
    probeRe: scan.probe.re.map((value) => value * probeFactor),
    probeIm: scan.probe.im.map((value) => value * probeFactor),
    scales: { amplitude, physics, probeFactor, meanAmplitude, object },
    lossConstant: lossConstants(patterns, area, physics),
    ...(labels && { labels }),
  };
}

/** s = √((N/2)² / mean over groups and channels of Σ A²) in float64, returned as float32 (training spec §2.1). */
export function amplitudeScale(patterns: Float32Array, groups: Int32Array, N: number): number {
  const energy = groupMean(patterns, groups, N * N, (value) => value * value);
  if (!(energy > 0)) {
    throw new Fault(
      'invalid-input',
      'diff3d: the patterns of all groups are zero, expected lit patterns; check the scan',
      {
        field: 'diff3d',
      },
    );
  }
  return Math.fround(Math.sqrt((N / 2) ** 2 / energy));
}

/** (G, C, 2) of −(r − mean r), computed in float64; the minus sign is upstream's (training spec §3.2). */
export function relativeOffsets(positions: Float64Array, groups: Int32Array, C: number): Float32Array {
  const relative = new Float32Array(groups.length * 2);
  for (let first = 0; first < groups.length; first += C) {
    for (let axis = 0; axis < 2; axis++) {
      let mean = 0;
      for (let c = 0; c < C; c++) mean += positions[2 * groups[first + c] + axis] / C;
      for (let c = 0; c < C; c++) {
        relative[2 * (first + c) + axis] = mean - positions[2 * groups[first + c] + axis];
      }
    }
  }
  return relative;
}

/** Mean over groups and channels of Σ_xy f(A); a pattern counts as often as groups use it. */
function groupMean(
  patterns: Float32Array,
  groups: Int32Array,
  area: number,
  f: (value: number) => number,
): number {
  const sums = new Float64Array(patterns.length / area);
  for (let i = 0; i < sums.length; i++) {
    let sum = 0;
    for (let at = i * area; at < (i + 1) * area; at++) sum += f(patterns[at]);
    sums[i] = sum;
  }
  let total = 0;
  for (const point of groups) total += sums[point];
  return total / groups.length;
}

/** probe_scale·(N/2) / (a·√Σ|P|²), one factor for all modes (training spec §2.4). */
function probeFactorOf(probe: ProbeStack, N: number, options: PrepareOptions): number {
  if (options.probeNormalization === 'none') return 1;
  let power = 0;
  for (let i = 0; i < probe.re.length; i++) power += probe.re[i] ** 2 + probe.im[i] ** 2;
  if (!(power > 0)) throw invalidInput('probeGuess', 'a probe that is zero everywhere', 'a lit probe');
  return (options.probeScale * (N / 2)) / (options.targetAmplitude * Math.sqrt(power));
}

function lossConstants(patterns: Float32Array, area: number, physics: number): Float64Array {
  assert(physics > 0, `physics scale must be positive: ${physics}`);
  const constants = new Float64Array(patterns.length / area);
  for (let i = 0; i < constants.length; i++) {
    let sum = 0;
    for (let at = i * area; at < (i + 1) * area; at++)
      sum += stirlingRemainder((physics * patterns[at]) ** 2);
    constants[i] = sum;
  }
  return constants;
}
