/**
 * A scan as the workers hold it: normalised patterns, groups and the probe installed in the model. Made once by the
 * coordinator, so that every worker shares one scale (data spec §14).
 */
export interface PreparedScan {
  /** Side of a pattern, pixels. */
  readonly N: number;
  /** Patterns per group, gridsize². */
  readonly C: number;
  /** Number of groups G. */
  readonly groupCount: number;
  /** Number of patterns n that some group uses. */
  readonly patternCount: number;
  /** Number of probe modes P. */
  readonly modes: number;
  /** (n, N, N) normalised amplitude X = s·A (training spec §2.1). */
  readonly patterns: Float32Array;
  /** (G, C) indices into `patterns`. */
  readonly groups: Int32Array;
  /** (G, C, 2) relative offsets −(r − mean r) as (x, y), object pixels (training spec §3.2). */
  readonly relative: Float32Array;
  /** (n, 2) scan positions as (x, y), object pixels. */
  readonly positions: Float64Array;
  /** (P, N, N) probe as installed in the model, before its division by `probe_scale`. */
  readonly probeRe: Float32Array;
  readonly probeIm: Float32Array;
  readonly scales: PreparedScales;
  /** (n) Σ_xy [k − k ln k + ln Γ(k+1)] with k = (S·X)²: the part of the Poisson loss that no prediction changes. */
  readonly lossConstant: Float64Array;
  /** Left out where the run compares no objects. */
  readonly labels?: PreparedLabels;
}

/** The object patch of each pattern as the network should emit it. */
export interface PreparedLabels {
  /** (n, N, N) modulus in the network's units, that is the file's divided by `scales.object`. */
  readonly amplitude: Float32Array;
  /** (n, N, N) radians. */
  readonly phase: Float32Array;
}

export interface PreparedScales {
  /** s: X = s·A, a float32 number. */
  readonly amplitude: number;
  /** S: counts are (S·X)² (training spec §2.2). */
  readonly physics: number;
  /** Probe installed = probeFactor × probe of the file. */
  readonly probeFactor: number;
  /** Loss normaliser of the whole run, mean X + 1e-8. */
  readonly meanAmplitude: number;
  /** Object in the units of the file = object × object of the network. */
  readonly object: number;
}
