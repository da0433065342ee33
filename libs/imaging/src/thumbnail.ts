import { decode, encode } from 'fast-png';
import { invalidInput } from '@ptychofleet/base';

export interface ThumbnailLimits {
  readonly maxWidth: number;
  readonly maxBytes: number;
}

/** As many colours as a PNG with a palette can have. */
const paletteSize = 256;

/**
 * A smaller copy of an 8-bit colour PNG without transparent parts for a page of documentation: averaged over areas, with
 * a palette of its own, and narrowed step by step until it fits.
 *
 * Faults when nothing wider than 200 px fits.
 */
export function thumbnailPng(png: Uint8Array, { maxWidth, maxBytes }: ThumbnailLimits): Uint8Array {
  const picture = decode(png);
  for (let width = Math.min(maxWidth, picture.width); width > 200; width = Math.floor(0.95 * width)) {
    const small = encodeIndexed(scaledDown(picture, width));
    if (small.length <= maxBytes) return small;
  }
  throw invalidInput('maxBytes', maxBytes, 'room for a picture of more than 200 px', 'raise the limit');
}

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: ArrayLike<number>;
}

/** Every pixel the mean of the area that it covers; (height, width, 3) bytes. */
function scaledDown(source: Pixels, width: number): Pixels & { readonly data: Uint8Array } {
  const height = Math.max(1, Math.round((source.height * width) / source.width));
  const across = coverage(source.width, width);
  const down = coverage(source.height, height);
  const data = new Uint8Array(3 * width * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      for (let channel = 0; channel < 3; channel++) {
        let mean = 0;
        for (const [y, shareY] of down[row])
          for (const [x, shareX] of across[column])
            mean += shareY * shareX * source.data[(y * source.width + x) * source.channels + channel];
        data[3 * (row * width + column) + channel] = Math.round(mean);
      }
    }
  }
  return { width, height, channels: 3, data };
}

/** For each of `to` equal parts of a line of `from` pixels: those it covers, with their shares of it. */
function coverage(from: number, to: number): (readonly [pixel: number, share: number])[][] {
  const size = from / to;
  return Array.from({ length: to }, (_, part) => {
    const covered: [number, number][] = [];
    const end = Math.min(from, (part + 1) * size);
    for (let pixel = Math.floor(part * size); pixel < end; pixel++)
      covered.push([pixel, (Math.min(pixel + 1, end) - Math.max(pixel, part * size)) / size]);
    return covered;
  });
}

/** Colours of a picture that agree in the upper five bits of each channel: how many pixels, and their mean. */
interface ColorBin {
  readonly code: number;
  readonly rgb: readonly [number, number, number];
  readonly count: number;
}

function encodeIndexed({ width, height, data }: Pixels & { readonly data: Uint8Array }): Uint8Array {
  const binCount = 1 << 15;
  const counts = new Float64Array(binCount);
  const sums = new Float64Array(3 * binCount);
  const codes = Uint16Array.from({ length: width * height }, (_, pixel) => {
    const at = 3 * pixel;
    return ((data[at] >> 3) << 10) | ((data[at + 1] >> 3) << 5) | (data[at + 2] >> 3);
  });
  codes.forEach((code, pixel) => {
    counts[code]++;
    for (let channel = 0; channel < 3; channel++) sums[3 * code + channel] += data[3 * pixel + channel];
  });
  const bins: ColorBin[] = [];
  counts.forEach((count, code) => {
    const mean = (channel: number): number => sums[3 * code + channel] / count;
    if (count > 0) bins.push({ code, rgb: [mean(0), mean(1), mean(2)], count });
  });
  const groups = medianCut(bins, paletteSize);
  const indexOf = new Uint8Array(binCount);
  groups.forEach((group, index) => group.forEach(({ code }) => (indexOf[code] = index)));
  const indices = Uint8Array.from(codes, (code) => indexOf[code]);
  const palette = groups.map(meanColor);
  return encode({ width, height, channels: 1, depth: 8, data: indices, palette }, { zlib: { level: 9 } });
}

/** Groups of similar colours: the group with the widest spread is cut at the median until there are enough (Heckbert 1982). */
function medianCut(colors: ColorBin[], limit: number): ColorBin[][] {
  const boxes = [{ colors, ...spreadOf(colors) }];
  while (boxes.length < limit) {
    const widest = boxes.reduce((best, box) => (box.weight > best.weight ? box : best));
    if (widest.weight === 0) break;
    const sorted = widest.colors.slice().sort((a, b) => a.rgb[widest.channel] - b.rgb[widest.channel]);
    const total = sorted.reduce((sum, { count }) => sum + count, 0);
    let cut = 0;
    for (let seen = 0; cut < sorted.length - 1 && seen + sorted[cut].count <= total / 2; cut++)
      seen += sorted[cut].count;
    const parts = [sorted.slice(0, Math.max(1, cut)), sorted.slice(Math.max(1, cut))];
    boxes.splice(boxes.indexOf(widest), 1, ...parts.map((part) => ({ colors: part, ...spreadOf(part) })));
  }
  return boxes.map((box) => box.colors);
}

/** The channel that varies most, and how urgent a cut is: its range, more so where many pixels are concerned. */
function spreadOf(colors: readonly ColorBin[]): { readonly channel: number; readonly weight: number } {
  const ranges = [0, 1, 2].map((channel) => {
    let low = 255;
    let high = 0;
    for (const { rgb } of colors) {
      low = Math.min(low, rgb[channel]);
      high = Math.max(high, rgb[channel]);
    }
    return high - low;
  });
  const range = Math.max(...ranges);
  const pixels = colors.reduce((sum, { count }) => sum + count, 0);
  return { channel: ranges.indexOf(range), weight: range * Math.sqrt(pixels) };
}

function meanColor(colors: readonly ColorBin[]): [number, number, number] {
  const total = colors.reduce((sum, { count }) => sum + count, 0);
  const mean = (channel: number): number =>
    Math.round(colors.reduce((sum, { rgb, count }) => sum + count * rgb[channel], 0) / total);
  return [mean(0), mean(1), mean(2)];
}
