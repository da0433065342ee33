import type { Canvas } from './canvas.ts';
import type { ComplexImage } from './complex-image.ts';
import { FourierTransform, signedFrequency } from './fourier.ts';
import type { Shift } from './registration.ts';
import { erodeLit } from './scan-area.ts';

/** Offsets this close to whole pixels are whole: origins are sums of positions and carry their rounding. */
const wholeWithin = 1e-6;

/** Pixels at a border that a sub-pixel shift makes unreliable (inference spec §6.2). */
const shiftBorder = 2;

/**
 * An image brought to the frame of a canvas: its pixel (row, column) shows `source` at the scan coordinate of that
 * pixel plus `shift`. Whole pixels are copied; a fraction of one is a shift in Fourier space, which costs 2 px along
 * the border of the lit area.
 */
export function placedOn(frame: Canvas, source: Canvas, shift: Shift): Canvas {
  const across = splitOffset(frame.originX + shift.dx - source.originX);
  const down = splitOffset(frame.originY + shift.dy - source.originY);
  const whole = across.fraction === 0 && down.fraction === 0;
  const image = whole ? source.image : mirroredShift(filled(source), -down.fraction, -across.fraction);
  const known = whole ? source.lit : erodeLit(source, shiftBorder);
  const { height, width } = frame.image;
  const placed = {
    height,
    width,
    re: new Float32Array(height * width),
    im: new Float32Array(height * width),
  };
  const lit = new Uint8Array(height * width);
  for (let row = 0; row < height; row++) {
    const fromRow = row + down.whole;
    if (fromRow < 0 || fromRow >= image.height) continue;
    const first = Math.max(0, -across.whole);
    const last = Math.min(width, image.width - across.whole);
    if (last <= first) continue;
    const from = fromRow * image.width + across.whole;
    placed.re.set(image.re.subarray(from + first, from + last), row * width + first);
    placed.im.set(image.im.subarray(from + first, from + last), row * width + first);
    lit.set(known.subarray(from + first, from + last), row * width + first);
  }
  return { image: placed, originX: frame.originX, originY: frame.originY, lit };
}

function splitOffset(offset: number): { readonly whole: number; readonly fraction: number } {
  const whole = Math.round(offset);
  const fraction = offset - whole;
  return { whole, fraction: Math.abs(fraction) < wholeWithin ? 0 : fraction };
}

/** The image with its unlit pixels at the mean of the lit ones: a dark edge would ring far into the lit area. */
function filled({ image, lit }: Canvas): ComplexImage {
  let count = 0;
  let meanRe = 0;
  let meanIm = 0;
  lit.forEach((isLit, i) => {
    if (isLit === 0) return;
    count++;
    meanRe += image.re[i];
    meanIm += image.im[i];
  });
  if (count === 0 || count === lit.length) return image;
  return {
    ...image,
    re: image.re.map((value, i) => (lit[i] === 0 ? meanRe / count : value)),
    im: image.im.map((value, i) => (lit[i] === 0 ? meanIm / count : value)),
  };
}

/**
 * Moves the content of an image by (dy, dx) pixels in Fourier space, as {@link fourierShift} does, but continues it
 * beyond its borders by its mirror image: where a periodic one would jump, nothing rings.
 */
export function mirroredShift(image: ComplexImage, dy: number, dx: number): ComplexImage {
  const { height, width } = image;
  const out = { height, width, re: image.re.slice(), im: image.im.slice() };
  if (dx !== 0) {
    const shiftRow = mirroredLineShift(width, dx);
    for (let row = 0; row < height; row++) shiftRow(out, row * width, 1);
  }
  if (dy !== 0) {
    const shiftColumn = mirroredLineShift(height, dy);
    for (let column = 0; column < width; column++) shiftColumn(out, column, width);
  }
  return out;
}

/** Shifts one line of `length` pixels, `stride` apart from `start` on, in place. */
function mirroredLineShift(
  length: number,
  shift: number,
): (image: ComplexImage, start: number, stride: number) => void {
  const period = 2 * length;
  const transform = new FourierTransform(period);
  const line = new Float64Array(2 * period);
  const phasors = new Float64Array(2 * period);
  for (let k = 0; k < period; k++) {
    const angle = (-2 * Math.PI * signedFrequency(k, period) * shift) / period;
    phasors[2 * k] = Math.cos(angle);
    phasors[2 * k + 1] = Math.sin(angle);
  }
  return (image, start, stride) => {
    for (let i = 0; i < length; i++) {
      const from = start + i * stride;
      for (const place of [i, period - 1 - i]) {
        line[2 * place] = image.re[from];
        line[2 * place + 1] = image.im[from];
      }
    }
    transform.forward(line);
    for (let k = 0; k < 2 * period; k += 2) {
      const re = line[k] * phasors[k] - line[k + 1] * phasors[k + 1];
      line[k + 1] = line[k] * phasors[k + 1] + line[k + 1] * phasors[k];
      line[k] = re;
    }
    transform.inverse(line);
    for (let i = 0; i < length; i++) {
      image.re[start + i * stride] = line[2 * i];
      image.im[start + i * stride] = line[2 * i + 1];
    }
  };
}
