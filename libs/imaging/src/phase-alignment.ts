import { assert } from '@ptychofleet/base';
import { amplitudeOf, phaseOf, sameSize, type ComplexImage, type RealImage } from './complex-image.ts';
import { nextPowerOfTwo, signedFrequency, transform2d } from './fourier.ts';
import { fitPlane, planeAt, weightedMean, type Plane } from './plane-fit.ts';

/**
 * The phase that separates a reconstruction from its reference up to noise: a plane in radian and radian per pixel,
 * estimated on the complex ratio, so 2π wraps in either image do no harm.
 *
 * The peak of the zero-padded spectrum of `image · conj(reference)` gives the ramp to a fraction of a turn across the
 * image; what is left is small enough for least squares on its principal value, weighted by `|image| |reference|`.
 *
 * @param lit when given, only its non-zero pixels count.
 * @param trend `ramp` fits offset and slopes, `offset` the offset alone.
 */
export function phaseDifference(
  image: ComplexImage,
  reference: ComplexImage,
  lit?: Uint8Array,
  trend: 'ramp' | 'offset' = 'ramp',
): Plane {
  assert(sameSize(image, reference), 'images of one size');
  const product = productWithConjugate(image, reference, lit);
  const weights = amplitudeOf(product);
  if (weightedMean(weights) === 0) return { offset: 0, slopeX: 0, slopeY: 0 };
  let plane: Plane =
    trend === 'ramp' ? { offset: 0, ...steepestRamp(product) } : { offset: 0, slopeX: 0, slopeY: 0 };
  // every pass lets pixels that noise threw across ±π come back; four passes settle to rounding
  for (let pass = 0; pass < 4; pass++) {
    plane = { ...plane, offset: plane.offset + meanPhase(product, plane) };
    const step = fitPlane(residualPhase(product, plane), weights.values);
    if (trend === 'ramp') plane = plus(plane, step);
  }
  return { ...plane, offset: Math.atan2(Math.sin(plane.offset), Math.cos(plane.offset)) };
}

/** The image with a phase plane taken away and its amplitude multiplied by `scale`. */
export function withoutPhase(image: ComplexImage, plane: Plane, scale = 1): ComplexImage {
  const { height, width } = image;
  const out = { height, width, re: new Float32Array(image.re.length), im: new Float32Array(image.re.length) };
  for (let i = 0; i < image.re.length; i++) {
    const phase = planeAt(plane, image, i);
    const cos = scale * Math.cos(phase);
    const sin = scale * Math.sin(phase);
    out.re[i] = image.re[i] * cos + image.im[i] * sin;
    out.im[i] = image.im[i] * cos - image.re[i] * sin;
  }
  return out;
}

/** `mean|reference| / mean|image|` over the lit pixels: what the amplitude must be multiplied by (inference spec §7). */
export function amplitudeScale(image: ComplexImage, reference: ComplexImage, lit?: Uint8Array): number {
  return weightedMean(amplitudeOf(reference), lit) / weightedMean(amplitudeOf(image), lit);
}

/** The phase of an image about its mean phasor, in (-π, π]: as few wraps as an offset alone can leave. */
export function centredPhase(image: ComplexImage, lit?: Uint8Array): RealImage {
  return phaseOf(withoutPhase(image, ownPhase(image, 'offset', lit)));
}

/** The offset, or offset and ramp, of an image's own phase: what {@link phaseDifference} finds against a flat object. */
export function ownPhase(image: ComplexImage, trend: 'ramp' | 'offset', lit?: Uint8Array): Plane {
  const { height, width } = image;
  const ones = {
    height,
    width,
    re: new Float32Array(image.re.length).fill(1),
    im: new Float32Array(image.re.length),
  };
  return phaseDifference(image, ones, lit, trend);
}

function productWithConjugate(a: ComplexImage, b: ComplexImage, lit?: Uint8Array): ComplexImage {
  const { height, width } = a;
  const out = { height, width, re: new Float32Array(a.re.length), im: new Float32Array(a.re.length) };
  for (let i = 0; i < out.re.length; i++) {
    if (lit !== undefined && lit[i] === 0) continue;
    out.re[i] = a.re[i] * b.re[i] + a.im[i] * b.im[i];
    out.im[i] = a.im[i] * b.re[i] - a.re[i] * b.im[i];
  }
  return out;
}

/** The ramp, in radian per pixel, at the highest peak of the spectrum, zero-padded to at least twice the size. */
function steepestRamp(product: ComplexImage): { slopeX: number; slopeY: number } {
  const height = nextPowerOfTwo(2 * product.height);
  const width = nextPowerOfTwo(2 * product.width);
  const data = new Float64Array(2 * height * width);
  for (let i = 0; i < product.re.length; i++) {
    const at = 2 * (Math.floor(i / product.width) * width + (i % product.width));
    data[at] = product.re[i];
    data[at + 1] = product.im[i];
  }
  transform2d({ height, width, data }, 'forward');
  let best = -1;
  let place = 0;
  for (let i = 0; i < data.length; i += 2) {
    const power = data[i] ** 2 + data[i + 1] ** 2;
    if (power > best) {
      best = power;
      place = i / 2;
    }
  }
  return {
    slopeX: (2 * Math.PI * signedFrequency(place % width, width)) / width,
    slopeY: (2 * Math.PI * signedFrequency(Math.floor(place / width), height)) / height,
  };
}

/** Phase of the sum of all pixels after a plane is removed. */
function meanPhase(product: ComplexImage, plane: Plane): number {
  let re = 0;
  let im = 0;
  for (let i = 0; i < product.re.length; i++) {
    const phase = planeAt(plane, product, i);
    const cos = Math.cos(phase);
    const sin = Math.sin(phase);
    re += product.re[i] * cos + product.im[i] * sin;
    im += product.im[i] * cos - product.re[i] * sin;
  }
  return Math.atan2(im, re);
}

/** Principal value of the phase after a plane is removed. */
function residualPhase(product: ComplexImage, plane: Plane): RealImage {
  const { height, width, re, im } = product;
  const values = Float64Array.from(re, (value, i) => {
    const turns = (Math.atan2(im[i], value) - planeAt(plane, product, i)) / (2 * Math.PI);
    return 2 * Math.PI * (turns - Math.round(turns));
  });
  return { height, width, values };
}

function plus(a: Plane, b: Plane): Plane {
  return { offset: a.offset + b.offset, slopeX: a.slopeX + b.slopeX, slopeY: a.slopeY + b.slopeY };
}
