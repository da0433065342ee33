import { rgb } from 'd3-color';
import { interpolateRgbBasisClosed } from 'd3-interpolate';
import { interpolateRdBu, interpolateViridis } from 'd3-scale-chromatic';

/**
 * `gray` and `viridis` for quantities from low to high, `diverging` for signed ones about zero, `cyclic` for phases that
 * use the whole turn.
 */
export type ColorMap = 'gray' | 'viridis' | 'diverging' | 'cyclic';

/** Light at ±π, dark at 0, with blue and red sides, in the manner of matplotlib's `twilight`. */
const twilight = interpolateRgbBasisClosed([
  '#e2d9e2',
  '#9ebbc9',
  '#6785be',
  '#5e43a5',
  '#421257',
  '#471340',
  '#8e2c50',
  '#ba6657',
  '#ceac94',
]);

const interpolators: Record<ColorMap, (t: number) => string> = {
  gray: (t) => rgb(255 * t, 255 * t, 255 * t).formatHex(),
  viridis: interpolateViridis,
  // high is red, as a positive difference is expected to look
  diverging: (t) => interpolateRdBu(1 - t),
  cyclic: twilight,
};

/** 256 colours, (256, 3) bytes red, green, blue. */
export function colorTable(map: ColorMap): Uint8Array {
  const table = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) {
    const { r, g, b } = rgb(interpolators[map](i / 255));
    table.set([Math.round(r), Math.round(g), Math.round(b)], 3 * i);
  }
  return table;
}
