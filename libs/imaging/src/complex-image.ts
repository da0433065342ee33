import { assert } from '@ptychofleet/base';

/** A complex image, row major, `[row = y, column = x]`: `re` and `im` are (height, width). */
export interface ComplexImage {
  readonly height: number;
  readonly width: number;
  readonly re: Float32Array;
  readonly im: Float32Array;
}

/** A real image, row major (height, width). */
export interface RealImage {
  readonly height: number;
  readonly width: number;
  readonly values: Float32Array | Float64Array;
}

/** A rectangle of pixels: rows `top … top+height-1`, columns `left … left+width-1`. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** @param interleaved (height, width, 2) re, im pairs, the layout of complex64 in NPZ files. */
export function fromInterleaved(height: number, width: number, interleaved: Float32Array): ComplexImage {
  assert(
    interleaved.length === 2 * height * width,
    `${height}×${width} image from ${interleaved.length} floats`,
  );
  const image = { height, width, re: new Float32Array(height * width), im: new Float32Array(height * width) };
  for (let i = 0; i < image.re.length; i++) {
    image.re[i] = interleaved[2 * i];
    image.im[i] = interleaved[2 * i + 1];
  }
  return image;
}

/** The (height, width, 2) re, im pairs of an image. */
export function toInterleaved(image: ComplexImage): Float32Array {
  const interleaved = new Float32Array(2 * image.re.length);
  for (let i = 0; i < image.re.length; i++) {
    interleaved[2 * i] = image.re[i];
    interleaved[2 * i + 1] = image.im[i];
  }
  return interleaved;
}

export function amplitudeOf(image: ComplexImage): RealImage {
  const { height, width, re, im } = image;
  return { height, width, values: Float64Array.from(re, (value, i) => Math.hypot(value, im[i])) };
}

/** The phase in (-π, π], not unwrapped. */
export function phaseOf(image: ComplexImage): RealImage {
  const { height, width, re, im } = image;
  return { height, width, values: Float64Array.from(re, (value, i) => Math.atan2(im[i], value)) };
}

/** The box of the given size in the middle, start `floor((size - target)/2)` on each axis (inference spec §6.1). */
export function centreBox(frame: { height: number; width: number }, height: number, width: number): Box {
  return {
    top: Math.floor((frame.height - height) / 2),
    left: Math.floor((frame.width - width) / 2),
    height,
    width,
  };
}

/** The frame without `border` pixels on each side. */
export function innerBox(frame: { height: number; width: number }, border: number): Box {
  return { top: border, left: border, height: frame.height - 2 * border, width: frame.width - 2 * border };
}

export function cropComplex(image: ComplexImage, box: Box): ComplexImage {
  const re = cropPlane(image.re, image, box);
  const im = cropPlane(image.im, image, box);
  return { height: box.height, width: box.width, re, im };
}

/** Cuts a box out of one (height, width) plane of any element type. */
export function cropPlane<Plane extends Float32Array | Float64Array | Uint8Array>(
  plane: Plane,
  frame: { height: number; width: number },
  box: Box,
): Plane {
  const inside =
    box.top >= 0 &&
    box.left >= 0 &&
    box.top + box.height <= frame.height &&
    box.left + box.width <= frame.width;
  assert(inside, `box ${JSON.stringify(box)} leaves a ${frame.height}×${frame.width} image`);
  const out = new (plane.constructor as new (length: number) => Plane)(box.height * box.width);
  for (let row = 0; row < box.height; row++) {
    const start = (box.top + row) * frame.width + box.left;
    out.set(plane.subarray(start, start + box.width), row * box.width);
  }
  return out;
}

/** True when both have the same height and width. */
export function sameSize(
  a: { height: number; width: number },
  b: { height: number; width: number },
): boolean {
  return a.height === b.height && a.width === b.width;
}
