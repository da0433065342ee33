/** What a tensor is to the reader of the report. */
export type TensorKind =
  | 'forward'
  | 'loss'
  | 'gradient'
  | 'training step'
  | 'weights'
  | 'scale'
  | 'schedule'
  | 'whole numbers'
  | 'metric';

/** How closely a tensor must agree. */
export interface Tolerance {
  readonly kind: TensorKind;
  /** Largest allowed difference. */
  readonly limit: number;
  /** What a difference is divided by: the largest magnitude of the array, each value's own, or nothing. */
  readonly relativeTo: 'largest' | 'each' | 'one';
}

/** Model spec §10 and the golden read-me; what departs from them says why. */
export const tolerances = {
  forward: { kind: 'forward', limit: 1e-5, relativeTo: 'largest' },
  /** Dividing by a weight near 0, at the rim of a canvas, magnifies the reference's float32 rounding of positions. */
  overWeight: { kind: 'forward', limit: 1e-4, relativeTo: 'largest' },
  /** Canvas positions reach 1e2 px, where the reference's float32 resolves 1e-5 px. */
  canvas: { kind: 'forward', limit: 2e-5, relativeTo: 'largest' },
  loss: { kind: 'loss', limit: 1e-5, relativeTo: 'each' },
  lossMap: { kind: 'loss', limit: 1e-5, relativeTo: 'largest' },
  /** Observed amplitudes lie near the predicted ones: a small difference of large terms (golden read-me). */
  networkLoss: { kind: 'loss', limit: 1e-3, relativeTo: 'each' },
  gradient: { kind: 'gradient', limit: 1e-4, relativeTo: 'largest' },
  firstSteps: { kind: 'training step', limit: 1e-3, relativeTo: 'each' },
  /** Rounding grows along a trajectory (golden read-me). */
  laterSteps: { kind: 'training step', limit: 1e-2, relativeTo: 'each' },
  trainedMap: { kind: 'training step', limit: 1e-2, relativeTo: 'largest' },
  optimizerStep: { kind: 'training step', limit: 1e-6, relativeTo: 'largest' },
  weights: { kind: 'weights', limit: 0, relativeTo: 'one' },
  /** Sum of a parameter over √size: as far as float32 goes for numbers below one. */
  weightSum: { kind: 'weights', limit: 1e-6, relativeTo: 'one' },
  scale: { kind: 'scale', limit: 1e-6, relativeTo: 'each' },
  /** The reference rounds these to float32 on their way. */
  scale32: { kind: 'scale', limit: 1e-5, relativeTo: 'each' },
  coordinates: { kind: 'scale', limit: 1e-5, relativeTo: 'one' },
  /** Positions on a canvas, pixels. */
  pixels: { kind: 'scale', limit: 1e-4, relativeTo: 'one' },
  schedule: { kind: 'schedule', limit: 1e-6, relativeTo: 'each' },
  whole: { kind: 'whole numbers', limit: 0, relativeTo: 'one' },
  /** Counts are stored as float32 square roots over a scale. */
  counts: { kind: 'whole numbers', limit: 0.01, relativeTo: 'one' },
  metric: { kind: 'metric', limit: 1e-5, relativeTo: 'largest' },
  /** The reference transforms in float32, which shows in rings that hold almost no power. */
  ringCorrelation: { kind: 'metric', limit: 3e-4, relativeTo: 'largest' },
} as const satisfies Record<string, Tolerance>;
