import { assert } from '@ptychofleet/base';
import { amplitudeOf, sameSize, type ComplexImage } from './complex-image.ts';
import { signedFrequency, spectrumOf, transform2d, type Spectrum } from './fourier.ts';

/** A displacement in pixels. */
export interface Shift {
  readonly dy: number;
  readonly dx: number;
}

/**
 * The shift that registers `moving` with `reference`: phase cross-correlation of the amplitudes, refined on a grid of
 * 1/`upsampling` pixel by a matrix-multiplication transform around the coarse peak (Guizar-Sicairos et al. 2008;
 * inference spec §6.2).
 */
export function registerShift(reference: ComplexImage, moving: ComplexImage, upsampling = 50): Shift {
  assert(sameSize(reference, moving), 'images of one size');
  const product = crossPower(reference, moving);
  const { height, width } = product;
  const correlation = transform2d({ height, width, data: product.data.slice() }, 'inverse');
  const peak = largestModulus(correlation.data);
  const coarseY = signedShift(Math.floor(peak / width), height);
  const coarseX = signedShift(peak % width, width);
  if (upsampling === 1) return { dy: coarseY, dx: coarseX };
  const region = Math.ceil(1.5 * upsampling);
  const middle = Math.floor(region / 2);
  const fine = upsampledCorrelation(product, region, upsampling, coarseY, coarseX);
  const finePeak = largestModulus(fine);
  return {
    dy: height === 1 ? 0 : coarseY + (Math.floor(finePeak / region) - middle) / upsampling,
    dx: width === 1 ? 0 : coarseX + ((finePeak % region) - middle) / upsampling,
  };
}

/** `F(a) conj F(b)` divided by its modulus; amplitudes below 100 machine epsilons keep their smallness. */
function crossPower(reference: ComplexImage, moving: ComplexImage): Spectrum {
  const a = transform2d(spectrumOf(amplitudeOf(reference)), 'forward');
  const b = transform2d(spectrumOf(amplitudeOf(moving)), 'forward');
  for (let i = 0; i < a.data.length; i += 2) {
    const re = a.data[i] * b.data[i] + a.data[i + 1] * b.data[i + 1];
    const im = a.data[i + 1] * b.data[i] - a.data[i] * b.data[i + 1];
    const scale = Math.max(Math.hypot(re, im), 100 * Number.EPSILON);
    a.data[i] = re / scale;
    a.data[i + 1] = im / scale;
  }
  return a;
}

/** A circular shift above half the size is a negative one; exactly half stays positive. */
function signedShift(index: number, size: number): number {
  return index > Math.floor(size / 2) ? index - size : index;
}

/** First place of the largest modulus. */
function largestModulus(data: Float64Array): number {
  let best = -1;
  let place = 0;
  for (let i = 0; i < data.length; i += 2) {
    const power = data[i] ** 2 + data[i + 1] ** 2;
    if (power > best) {
      best = power;
      place = i / 2;
    }
  }
  return place;
}

/**
 * The inverse transform of `product` on a (region, region) grid with 1/upsampling pixel spacing around the shift
 * (centreY, centreX), as two matrix products. Interleaved.
 */
function upsampledCorrelation(
  product: Spectrum,
  region: number,
  upsampling: number,
  centreY: number,
  centreX: number,
): Float64Array {
  const { height, width, data } = product;
  const phasorsX = gridPhasors(width, region, upsampling, centreX); // (region, width)
  const phasorsY = gridPhasors(height, region, upsampling, centreY); // (region, height)
  const partial = new Float64Array(2 * height * region); // (height, region)
  for (let row = 0; row < height; row++)
    for (let u = 0; u < region; u++)
      dotInto(partial, 2 * (row * region + u), data, 2 * row * width, 2, phasorsX, 2 * u * width, width);
  const out = new Float64Array(2 * region * region);
  for (let v = 0; v < region; v++)
    for (let u = 0; u < region; u++)
      dotInto(out, 2 * (v * region + u), partial, 2 * u, 2 * region, phasorsY, 2 * v * height, height);
  return out;
}

/** `exp(2πi f s)` for every grid shift s and frequency f of an axis of n pixels: (region, n). */
function gridPhasors(n: number, region: number, upsampling: number, centre: number): Float64Array {
  const phasors = new Float64Array(2 * region * n);
  for (let u = 0; u < region; u++) {
    const shift = centre + (u - Math.floor(region / 2)) / upsampling;
    for (let k = 0; k < n; k++) {
      const angle = (2 * Math.PI * signedFrequency(k, n) * shift) / n;
      phasors[2 * (u * n + k)] = Math.cos(angle);
      phasors[2 * (u * n + k) + 1] = Math.sin(angle);
    }
  }
  return phasors;
}

/** `out[at] = sum_k a[fromA + k strideA] * b[fromB + 2k]`, all complex, without conjugation. */
function dotInto(
  out: Float64Array,
  at: number,
  a: Float64Array,
  fromA: number,
  strideA: number,
  b: Float64Array,
  fromB: number,
  count: number,
): void {
  let re = 0;
  let im = 0;
  for (let k = 0, i = fromA, j = fromB; k < count; k++, i += strideA, j += 2) {
    re += a[i] * b[j] - a[i + 1] * b[j + 1];
    im += a[i] * b[j + 1] + a[i + 1] * b[j];
  }
  out[at] = re;
  out[at + 1] = im;
}

/** Moves the content of an image by (dy, dx) pixels, sub-pixel and periodic, in Fourier space (inference spec §6.2). */
export function fourierShift(image: ComplexImage, shift: Shift): ComplexImage {
  const { height, width } = image;
  const plane = transform2d(spectrumOf(image), 'forward');
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const cycles =
        (shift.dy * signedFrequency(row, height)) / height +
        (shift.dx * signedFrequency(column, width)) / width;
      const cos = Math.cos(-2 * Math.PI * cycles);
      const sin = Math.sin(-2 * Math.PI * cycles);
      const at = 2 * (row * width + column);
      const re = plane.data[at] * cos - plane.data[at + 1] * sin;
      plane.data[at + 1] = plane.data[at] * sin + plane.data[at + 1] * cos;
      plane.data[at] = re;
    }
  }
  transform2d(plane, 'inverse');
  const out = { height, width, re: new Float32Array(height * width), im: new Float32Array(height * width) };
  for (let i = 0; i < out.re.length; i++) {
    out.re[i] = plane.data[2 * i];
    out.im[i] = plane.data[2 * i + 1];
  }
  return out;
}
