import type { ModelSpec } from '@ptychofleet/config';

/** Real and imaginary part, (N, N) each. */
export interface Field {
  readonly re: Float32Array;
  readonly im: Float32Array;
}

/**
 * The field that multiplies every object patch: modes added up (the amplitude model adds them coherently after a linear
 * transform, so they may be added before it), divided by `probeScale`, times the mask and the gain (model spec §7, §8).
 *
 * @param re,im (P, N, N), the probe as installed in the model.
 */
export function illumination(model: ModelSpec, re: Float32Array, im: Float32Array): Field {
  const pixels = model.N * model.N;
  const mask = model.probeMask ? softMask(model.N, model.probeMaskDiameter, model.probeMaskSigma) : null;
  const sum = (modes: Float32Array) =>
    Float32Array.from({ length: pixels }, (_, pixel) => {
      let total = 0;
      for (let at = pixel; at < modes.length; at += pixels) total += modes[at] as number;
      return (total * (mask?.[pixel] ?? 1) * model.amplitudePhysicsGain) / model.probeScale;
    });
  return { re: sum(re), im: sum(im) };
}

/** Σ_p |P_p|², (N, N): the weight of a patch under `trainingPatchWeighting: probe` (model spec §6.3). */
export function probeIntensity(N: number, re: Float32Array, im: Float32Array): Float32Array {
  const intensity = new Float32Array(N * N);
  re.forEach((real, at) => {
    intensity[at % (N * N)]! += real * real + (im[at] as number) ** 2;
  });
  return intensity;
}

/**
 * Disk of the given diameter (pixels; null: N/2) blurred by a normalised Gaussian and scaled to maximum 1 (model spec §7).
 * (N, N) row-major. A sigma of 0 leaves the hard disk.
 */
export function softMask(N: number, diameter: number | null, sigma: number): Float32Array {
  const radius = (diameter ?? N / 2) / 2;
  const disk = Float64Array.from({ length: N * N }, (_, at) => {
    const y = Math.floor(at / N) - N / 2 + 0.5;
    const x = (at % N) - N / 2 + 0.5;
    return Math.sqrt(x * x + y * y) < radius ? 1 : 0;
  });
  const blurred = sigma > 0 ? blurRows(blurRows(disk, N, sigma), N, sigma) : disk;
  const highest = blurred.reduce((a, b) => Math.max(a, b), 0);
  return Float32Array.from(blurred, (value) => (highest > 0 ? Math.min(1, Math.max(0, value / highest)) : 0));
}

/** Blurs along rows with zeros outside and returns the transpose, so that two calls blur both axes. */
function blurRows(image: Float64Array, N: number, sigma: number): Float64Array {
  const reach = Math.ceil(3 * sigma);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)),
  );
  const norm = kernel.reduce((a, b) => a + b, 0);
  const result = new Float64Array(N * N);
  for (let row = 0; row < N; row++) {
    for (let column = 0; column < N; column++) {
      let sum = 0;
      for (let k = -reach; k <= reach; k++) {
        const source = column + k;
        if (source >= 0 && source < N)
          sum += (kernel[k + reach] as number) * (image[row * N + source] as number);
      }
      result[column * N + row] = sum / norm;
    }
  }
  return result;
}
