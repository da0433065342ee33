import { decode, encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { thumbnailPng } from './index.ts';
import { drawsOf } from './random-images.test-support.ts';

function noisePicture(width: number, height: number): Uint8Array {
  const draws = drawsOf(1);
  const data = Uint8Array.from({ length: 3 * width * height }, () => 256 * draws.uniform());
  return encode({ width, height, channels: 3, depth: 8, data });
}

/** Colour of a pixel of a PNG with a palette. */
function colorAt(png: Uint8Array, x: number, y: number): number[] {
  const { data, width, palette } = decode(png);
  return [...(palette?.[data[y * width + x]] ?? [])];
}

describe('thumbnail', () => {
  it('is the mean of the areas, in the colours of the picture where they are few', () => {
    // four quarters, and a chequered one whose mean is grey
    const side = 600;
    const data = new Uint8Array(3 * side * side);
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        const chequer = (x + y) % 2 === 0 ? 255 : 0;
        const color =
          y < 300
            ? x < 300
              ? [255, 255, 255]
              : [0, 114, 178]
            : x < 300
              ? [213, 94, 0]
              : [chequer, chequer, chequer];
        data.set(color, 3 * (y * side + x));
      }
    const png = thumbnailPng(encode({ width: side, height: side, channels: 3, depth: 8, data }), {
      maxWidth: 300,
      maxBytes: 1e6,
    });
    expect(decode(png)).toMatchObject({ width: 300, height: 300 });
    expect(colorAt(png, 10, 10)).toEqual([255, 255, 255]);
    expect(colorAt(png, 290, 10)).toEqual([0, 114, 178]);
    expect(colorAt(png, 10, 290)).toEqual([213, 94, 0]);
    expect(colorAt(png, 290, 290)).toEqual([128, 128, 128]);
  });

  it('stays near every colour of a noisy picture', () => {
    const source = noisePicture(300, 200);
    const original = decode(source);
    const png = thumbnailPng(source, { maxWidth: 300, maxBytes: 1e6 });
    let squared = 0;
    for (let y = 0; y < 200; y += 7)
      for (let x = 0; x < 300; x += 7)
        colorAt(png, x, y).forEach(
          (value, c) => (squared += (value - original.data[3 * (y * 300 + x) + c]) ** 2),
        );
    // a palette of 256 leaves cubes of about 40 levels a side, so about 12 levels rms
    expect(Math.sqrt(squared / (29 * 43 * 3))).toBeLessThan(20);
  });

  it('gets narrower until it fits, and keeps its shape', () => {
    const png = noisePicture(900, 450);
    const small = thumbnailPng(png, { maxWidth: 800, maxBytes: 60_000 });
    const { width, height } = decode(small);
    expect(small.length).toBeLessThanOrEqual(60_000);
    expect(width).toBeLessThan(500);
    expect(Math.abs(height - width / 2)).toBeLessThanOrEqual(1);
    expect(thumbnailPng(png, { maxWidth: 800, maxBytes: 60_000 })).toEqual(small);
  });

  it('that cannot fit is refused', () => {
    expect(() => thumbnailPng(noisePicture(300, 300), { maxWidth: 300, maxBytes: 1000 })).toThrow(
      'maxBytes: received 1000, expected room',
    );
  });
});
