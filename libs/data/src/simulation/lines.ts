import { RandomSequence, RandomStream } from '@ptychofleet/base';
import { gaussianBlur } from './gaussian-blur.ts';
import { stretched, type ObjectMaps } from './object-maps.ts';

const lineCount = 400;

/** Two independent maps of blurred straight lines, each stretched to [0, 1] (inference spec §9, `lines`). */
export function linesObject(side: number, seed: number): ObjectMaps {
  const [amplitude, phase] = ['object/lines/amplitude', 'object/lines/phase'].map((name) => {
    const draws = new RandomSequence(new RandomStream(seed, name));
    const canvas = 2 * side;
    const ends = Int32Array.from({ length: 4 * lineCount }, () => draws.integer(canvas));
    return stretched(centralCrop(lineMap(lineRaster(ends, canvas), canvas), canvas, side));
  });
  return { amplitude, phase };
}

/**
 * Straight lines of value 1 that do not accumulate, on a square canvas.
 * @param ends (n, 4) as row, column, row, column.
 */
export function lineRaster(ends: Int32Array, canvas: number): Float64Array {
  const raster = new Float64Array(canvas * canvas);
  for (let i = 0; i < ends.length; i += 4) drawLine(raster, canvas, ends.subarray(i, i + 4));
  return raster;
}

/** G1 + 2·G5 + 5·G10, where Gσ is the raster blurred with σ. */
export function lineMap(raster: Float64Array, canvas: number): Float64Array {
  const [fine, middle, coarse] = [1, 5, 10].map((sigma) => gaussianBlur(raster, canvas, canvas, sigma));
  return fine.map((value, i) => value + 2 * middle[i] + 5 * coarse[i]);
}

/** The central side × side part of a square canvas. */
export function centralCrop(image: Float64Array, canvas: number, side: number): Float64Array {
  const start = Math.floor((canvas - side) / 2);
  const crop = new Float64Array(side * side);
  for (let row = 0; row < side; row++) {
    const from = (start + row) * canvas + start;
    crop.set(image.subarray(from, from + side), row * side);
  }
  return crop;
}

/** `lines` phase rule: π·tanh((Y − max Y/2) / (3·mean Y)), radians (inference spec §9). */
export function tanhPhase(map: Float64Array): Float64Array {
  let max = -Infinity;
  let sum = 0;
  for (const value of map) {
    max = Math.max(max, value);
    sum += value;
  }
  const mean = sum / map.length;
  return map.map((value) => Math.PI * Math.tanh((value - max / 2) / (3 * mean)));
}

/** Bresenham's line, both ends included. */
function drawLine(raster: Float64Array, canvas: number, ends: Int32Array): void {
  const [row0, column0, row1, column1] = ends;
  const steep = Math.abs(row1 - row0) > Math.abs(column1 - column0);
  // u runs along the longer axis, v along the shorter one.
  let [u, v] = steep ? [row0, column0] : [column0, row0];
  const [uEnd, vEnd] = steep ? [row1, column1] : [column1, row1];
  const [length, rise] = [Math.abs(uEnd - u), Math.abs(vEnd - v)];
  const [uStep, vStep] = [uEnd > u ? 1 : -1, vEnd > v ? 1 : -1];
  let error = 2 * rise - length;
  for (let i = 0; i <= length; i++) {
    raster[steep ? u * canvas + v : v * canvas + u] = 1;
    if (error >= 0 && length > 0) {
      v += vStep;
      error -= 2 * length;
    }
    u += uStep;
    error += 2 * rise;
  }
}
