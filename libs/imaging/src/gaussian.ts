import type { RealImage } from './complex-image.ts';

/**
 * Gaussian weights for offsets -radius…radius, radius `int(4 sigma + 0.5)`, normalised (inference spec §9).
 * A sigma of 0 gives the single weight 1.
 */
function gaussianKernel(sigma: number): Float64Array {
  if (sigma === 0) return Float64Array.of(1);
  const radius = Math.floor(4 * sigma + 0.5);
  const kernel = new Float64Array(2 * radius + 1);
  for (let i = 0; i < kernel.length; i++) kernel[i] = Math.exp(-0.5 * ((i - radius) / sigma) ** 2);
  const sum = kernel.reduce((a, b) => a + b, 0);
  return kernel.map((weight) => weight / sum);
}

/** Gaussian smoothing of a curve, ends mirrored with the edge value repeated. */
export function gaussianSmooth(curve: Float64Array, sigma: number): Float64Array {
  const kernel = gaussianKernel(sigma);
  const radius = (kernel.length - 1) / 2;
  return curve.map((_, i) => {
    let sum = 0;
    for (let k = 0; k < kernel.length; k++) sum += kernel[k] * curve[mirrored(i + k - radius, curve.length)];
    return sum;
  });
}

/** Gaussian blur of an image, rows then columns, with the same ends as {@link gaussianSmooth}. */
export function gaussianBlur(image: RealImage, sigma: number): RealImage {
  const { height, width } = image;
  const values = Float64Array.from(image.values);
  if (sigma === 0) return { height, width, values };
  for (let row = 0; row < height; row++) {
    const line = values.subarray(row * width, (row + 1) * width);
    line.set(gaussianSmooth(line, sigma));
  }
  const line = new Float64Array(height);
  for (let column = 0; column < width; column++) {
    for (let row = 0; row < height; row++) line[row] = values[row * width + column];
    const smooth = gaussianSmooth(line, sigma);
    for (let row = 0; row < height; row++) values[row * width + column] = smooth[row];
  }
  return { height, width, values };
}

/** Where index i falls when the line d c b a | a b c d | d c b a repeats. */
function mirrored(index: number, length: number): number {
  const period = 2 * length;
  const place = ((index % period) + period) % period;
  return place < length ? place : period - 1 - place;
}
