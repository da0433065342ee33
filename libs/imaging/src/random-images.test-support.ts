import { RandomSequence, RandomStream } from '@ptychofleet/base';
import type { ComplexImage, PatchStack, RealImage } from './index.ts';

/** Independent draws for a test case. */
export function drawsOf(seed: number): RandomSequence {
  return new RandomSequence(new RandomStream(seed, 'imaging-test'));
}

export function noiseImage(height: number, width: number, seed: number): RealImage {
  const draws = drawsOf(seed);
  return { height, width, values: Float64Array.from({ length: height * width }, () => draws.normal()) };
}

export function noiseComplex(height: number, width: number, seed: number): ComplexImage {
  const draws = drawsOf(seed);
  const plane = () => Float32Array.from({ length: height * width }, () => draws.normal());
  return { height, width, re: plane(), im: plane() };
}

export function noisePatches(count: number, side: number, seed: number): PatchStack {
  const draws = drawsOf(seed);
  return {
    count,
    side,
    values: Float32Array.from({ length: count * side * side * 2 }, () => draws.normal()),
  };
}

/** Positions uniform in a square of `extent` pixels from `start` on. */
export function scatteredPositions(count: number, start: number, extent: number, seed: number): Float64Array {
  const draws = drawsOf(seed);
  return Float64Array.from({ length: 2 * count }, () => start + extent * draws.uniform());
}

/** A smooth object: amplitude 0.6 to 1, phase within ±0.8 rad, slopes below 0.15 per pixel. */
export function smoothObject(height: number, width: number): ComplexImage {
  const image = { height, width, re: new Float32Array(height * width), im: new Float32Array(height * width) };
  for (let i = 0; i < image.re.length; i++) {
    const x = i % width;
    const y = Math.floor(i / width);
    const amplitude = 0.8 + 0.2 * Math.sin(x / 7) * Math.cos(y / 9);
    const phase = 0.8 * Math.sin(x / 11 + y / 13);
    image.re[i] = amplitude * Math.cos(phase);
    image.im[i] = amplitude * Math.sin(phase);
  }
  return image;
}
