/**
 * Separable Gaussian blur of a row-major image (height, width), truncated at 4σ, with a mirror boundary that repeats the
 * edge pixel (inference spec §9; SciPy's `gaussian_filter`).
 */
export function gaussianBlur(
  image: Float64Array,
  height: number,
  width: number,
  sigma: number,
): Float64Array {
  const kernel = gaussianKernel(sigma);
  const alongRows = blurAxis(image, height, width, width, 1, kernel);
  return blurAxis(alongRows, width, height, 1, width, kernel);
}

function gaussianKernel(sigma: number): Float64Array {
  const radius = Math.floor(4 * sigma + 0.5);
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - radius) / sigma) ** 2),
  );
  const sum = kernel.reduce((a, b) => a + b, 0);
  return kernel.map((weight) => weight / sum);
}

/** Filters `lines` lines of `length` pixels; `lineStride` from line to line, `stride` from pixel to pixel. */
function blurAxis(
  image: Float64Array,
  lines: number,
  length: number,
  lineStride: number,
  stride: number,
  kernel: Float64Array,
): Float64Array {
  const radius = (kernel.length - 1) / 2;
  const result = new Float64Array(image.length);
  const padded = new Float64Array(length + 2 * radius);
  for (let line = 0; line < lines; line++) {
    const start = line * lineStride;
    for (let i = 0; i < padded.length; i++) padded[i] = image[start + mirrored(i - radius, length) * stride];
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += kernel[k] * padded[i + k];
      result[start + i * stride] = sum;
    }
  }
  return result;
}

function mirrored(i: number, length: number): number {
  const period = 2 * length;
  const place = ((i % period) + period) % period;
  return place < length ? place : period - 1 - place;
}
