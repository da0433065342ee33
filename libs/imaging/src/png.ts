import { encode } from 'fast-png';
import { assert } from '@ptychofleet/base';
import type { RealImage } from './complex-image.ts';
import type { DisplayRange } from './display-range.ts';

// PNG goes through a deflate in JavaScript: the one built into Node may give other bytes with each version and CPU.

/** An 8-bit grey PNG, one pixel per value; values outside the range are clipped, those that are not numbers are black. */
export function grayPng(
  values: ArrayLike<number>,
  height: number,
  width: number,
  range: DisplayRange,
): Uint8Array {
  assert(values.length === height * width, `${height}×${width} image from ${values.length} values`);
  const data = Uint8Array.from(values, (value) => levelOf(value, range));
  return encode({ width, height, data, channels: 1, depth: 8 });
}

/**
 * A coloured PNG, every value a square of `scale` pixels; unlit pixels and those that are not numbers are transparent.
 *
 * @param table (256, 3) colours.
 */
export function colorPng(
  image: RealImage,
  table: Uint8Array,
  range: DisplayRange,
  scale: number,
  lit?: Uint8Array,
): Uint8Array {
  const width = image.width * scale;
  const height = image.height * scale;
  const data = new Uint8Array(4 * width * height);
  for (let row = 0; row < image.height; row++) {
    const line = data.subarray(4 * row * scale * width, 4 * (row * scale + 1) * width);
    for (let column = 0; column < image.width; column++) {
      const i = row * image.width + column;
      if ((lit !== undefined && lit[i] === 0) || Number.isNaN(image.values[i])) continue;
      const color = 3 * levelOf(image.values[i], range);
      for (let k = 0; k < scale; k++) {
        const at = 4 * (column * scale + k);
        line.set(table.subarray(color, color + 3), at);
        line[at + 3] = 255;
      }
    }
    for (let k = 1; k < scale; k++) data.set(line, 4 * (row * scale + k) * width);
  }
  return encode({ width, height, data, channels: 4, depth: 8 });
}

/** 0 … 255 for a value between the ends of a range. */
function levelOf(value: number, { min, max }: DisplayRange): number {
  const level = Math.round((255 * (value - min)) / (max - min));
  return Number.isNaN(level) ? 0 : Math.min(255, Math.max(0, level));
}
