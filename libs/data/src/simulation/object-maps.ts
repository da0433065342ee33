/** Two square maps in [0, 1], row-major: what becomes amplitude and what becomes phase. */
export interface ObjectMaps {
  readonly amplitude: Float64Array;
  readonly phase: Float64Array;
}

/** Stretches values to [0, 1]; a constant map becomes 0. */
export function stretched(map: Float64Array): Float64Array {
  let min = Infinity;
  let max = -Infinity;
  for (const value of map) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const span = max > min ? max - min : 1;
  return map.map((value) => (value - min) / span);
}
