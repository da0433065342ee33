/** What compute reads of a prepared scan; libs/data's PreparedScan satisfies it. */
export interface ScanTensors {
  /** Side of a pattern, pixels. */
  readonly N: number;
  /** Patterns per group. */
  readonly C: number;
  readonly groupCount: number;
  /** Probe modes P. */
  readonly modes: number;
  /** (n, N, N) normalised amplitudes X. */
  readonly patterns: Float32Array;
  /** (G, C) indices into `patterns`. */
  readonly groups: Int32Array;
  /** (G, C, 2) as (x, y), pixels: -(r - mean r). */
  readonly relative: Float32Array;
  /** (P, N, N): the probe as installed in the model, before /probe_scale. */
  readonly probeRe: Float32Array;
  readonly probeIm: Float32Array;
  readonly scales: {
    /** S: expected counts are (S·amplitude)². */
    readonly physics: number;
    /** The run-wide loss normaliser mean(X) + 1e-8. */
    readonly meanAmplitude: number;
  };
  /** (n): Σ_xy [k - k ln k + lgamma(k+1)], k = (S·X)²: the part of the Poisson loss that the network cannot change. */
  readonly lossConstant: Float64Array;
  /** Left out where the run compares no objects. */
  readonly labels?: {
    /** (n, N, N) modulus in the network's units. */
    readonly amplitude: Float32Array;
    /** (n, N, N) radians. */
    readonly phase: Float32Array;
  };
}
