import { scaleLinear } from 'd3-scale';
import { assert } from '@ptychofleet/base';
import { colorTable, type ColorMap } from './color-maps.ts';
import type { RealImage } from './complex-image.ts';
import { defaultRange, type DisplayRange } from './display-range.ts';
import { halfPiLabel, tickLabels } from './number-labels.ts';
import { colorPng } from './png.ts';
import { element, ink, line, rasterise, text, textWidth } from './svg.ts';

export interface ImagePanel {
  readonly title: string;
  readonly image: RealImage;
  /** (height, width): pixels with 0 are hatched. */
  readonly lit?: Uint8Array;
  readonly colormap: ColorMap;
  /** Values at the ends of the colour bar; by default the 0.5th to 99.5th percentile of the lit pixels. */
  readonly range?: DisplayRange;
  /** Name of the quantity and its unit beside the colour bar. */
  readonly label?: string;
  readonly unit?: string;
  /** A small line under the image. */
  readonly note?: string;
}

/** A picture of one image with title, colour bar and scale bar, as PNG bytes. */
export function renderImageFigure(panel: ImagePanel): Uint8Array {
  return renderGrid('', [[panel]], 720);
}

/** Rows of pictures under a common title, as PNG bytes. */
export function renderPanels(title: string, rows: readonly (readonly ImagePanel[])[]): Uint8Array {
  return renderGrid(title, rows, 480);
}

function renderGrid(title: string, rows: readonly (readonly ImagePanel[])[], targetSide: number): Uint8Array {
  const { width, height, markup } = drawPanels(title, rows, targetSide);
  return rasterise(width, height, markup);
}

export const margin = 28;
const gap = 34;
const titleSize = 21;
const tickSize = 16;
const labelSize = 17;
const bar = { gap: 14, width: 20, tick: 6 };

/**
 * The markup of {@link renderPanels} and the pixels that it takes, from the upper left corner of a picture on.
 *
 * @param targetSide pixels that the longer side of an image should come near to, by whole factors.
 */
export function drawPanels(
  title: string,
  rows: readonly (readonly ImagePanel[])[],
  targetSide: number,
): { readonly width: number; readonly height: number; readonly markup: string } {
  assert(rows.length > 0 && rows.every((row) => row.length > 0), 'a figure needs panels');
  const cells = rows.map((row) => row.map((panel) => layOut(panel, targetSide)));
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) =>
    Math.max(...cells.map((row) => row[c]?.width ?? 0)),
  );
  const heights = cells.map((row) => Math.max(...row.map((cell) => cell.height)));
  const top = title === '' ? margin : margin + 46;
  const width = 2 * margin + sum(widths) + gap * (columns - 1);
  const height = top + sum(heights) + gap * (rows.length - 1) + margin;
  const drawn = cells.flatMap((row, r) =>
    row.map((cell, c) => {
      const x = margin + sum(widths.slice(0, c)) + c * gap;
      const y = top + sum(heights.slice(0, r)) + r * gap;
      return drawPanel(cell, x, y);
    }),
  );
  const heading = text(margin, margin + 24, title, {
    size: 26,
    weight: 'bold',
    maxWidth: width - 2 * margin,
  });
  const markup = [hatch, ...(title === '' ? [] : [heading]), ...drawn].join('');
  return { width, height, markup };
}

interface BarTick {
  readonly value: number;
  readonly label: string;
}

interface PlacedPanel {
  readonly panel: ImagePanel;
  readonly range: DisplayRange;
  readonly ticks: readonly BarTick[];
  /** Pixels from the colour bar's right edge to the end of its longest tick label. */
  readonly tickRoom: number;
  readonly scale: number;
  readonly imageWidth: number;
  readonly imageHeight: number;
  readonly width: number;
  readonly height: number;
}

function layOut(panel: ImagePanel, targetSide: number): PlacedPanel {
  const scale = Math.max(1, Math.round(targetSide / Math.max(panel.image.height, panel.image.width)));
  const imageWidth = panel.image.width * scale;
  const imageHeight = panel.image.height * scale;
  const range = panel.range ?? defaultRange(panel.image, panel.colormap, panel.lit);
  const ticks = barTicks(panel.colormap, range, Math.max(2, Math.round(imageHeight / 90)));
  const tickRoom = bar.tick + 5 + Math.max(...ticks.map(({ label }) => textWidth(label, tickSize)));
  const quantityRoom = quantityOf(panel) === '' ? 0 : labelSize + 14;
  return {
    panel,
    range,
    ticks,
    tickRoom,
    scale,
    imageWidth,
    imageHeight,
    width: imageWidth + bar.gap + bar.width + tickRoom + quantityRoom,
    height: titleSize + 14 + imageHeight + (panel.note === undefined ? 0 : 30),
  };
}

function drawPanel(placed: PlacedPanel, x: number, y: number): string {
  const { panel, range, scale, imageWidth, imageHeight, width } = placed;
  const table = colorTable(panel.colormap);
  const imageTop = y + titleSize + 14;
  const frame = { x, y: imageTop, width: imageWidth, height: imageHeight };
  const parts = [
    text(x, y + titleSize - 2, panel.title, { size: titleSize, weight: 'bold', maxWidth: width }),
    element('rect', { ...frame, fill: 'url(#unlit)' }),
    embedded(colorPng(panel.image, table, range, scale, panel.lit), frame),
    outline(frame),
    scaleBar(panel.image.width, scale, x, imageTop + imageHeight),
    colorBar(placed, table, x + imageWidth + bar.gap, imageTop),
  ];
  if (panel.note !== undefined)
    parts.push(
      text(x, imageTop + imageHeight + 25, panel.note, {
        size: tickSize,
        color: ink.faint,
        maxWidth: width,
      }),
    );
  return parts.join('');
}

interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What unlit pixels show: no colour map has stripes. */
const hatch = element(
  'defs',
  {},
  element(
    'pattern',
    { id: 'unlit', width: 12, height: 12, patternUnits: 'userSpaceOnUse' },
    element('rect', { width: 12, height: 12, fill: '#f4f5f7' }),
    element('path', {
      d: 'M-3 3 L3 -3 M0 12 L12 0 M9 15 L15 9',
      stroke: ink.hatch,
      'stroke-width': 1.6,
    }),
  ),
);

function embedded(png: Uint8Array, frame: Frame): string {
  const href = `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
  return element('image', { ...frame, href, 'image-rendering': 'optimizeSpeed' });
}

function outline({ x, y, width, height }: Frame): string {
  const box = { x: x - 0.5, y: y - 0.5, width: width + 1, height: height + 1 };
  return element('rect', { ...box, fill: 'none', stroke: ink.axis, 'stroke-width': 1 });
}

/** A bar of a round number of image pixels, about a quarter of the width, in the lower left corner. */
function scaleBar(imagePixels: number, scale: number, x: number, bottom: number): string {
  const [first, second] = scaleLinear([0, imagePixels / 4], [0, 1]).ticks(2);
  const pixels = Math.max(1, second ?? first);
  const length = pixels * scale;
  const label = `${pixels} px`;
  const plate = { width: Math.max(length, textWidth(label, 15)) + 20, height: 40 };
  const middle = x + 10 + plate.width / 2;
  return [
    element('rect', {
      x: x + 10,
      y: bottom - 10 - plate.height,
      ...plate,
      rx: 4,
      fill: '#000000',
      'fill-opacity': 0.55,
    }),
    text(middle, bottom - 31, label, { size: 15, anchor: 'middle', color: '#ffffff' }),
    element('rect', { x: middle - length / 2, y: bottom - 22, width: length, height: 4, fill: '#ffffff' }),
  ].join('');
}

function colorBar(placed: PlacedPanel, table: Uint8Array, x: number, y: number): string {
  const { range, ticks, imageHeight: height } = placed;
  const ramp = { height: 256, width: 1, values: Float64Array.from({ length: 256 }, (_, i) => 255 - i) };
  const png = colorPng(ramp, table, { min: 0, max: 255 }, 1);
  const frame = { x, y, width: bar.width, height };
  const position = scaleLinear([range.min, range.max], [y + height, y]);
  const tickX = x + bar.width;
  const parts = ticks.map(({ value, label }) => {
    const at = Math.round(position(value)) + 0.5;
    return (
      line(tickX, at, tickX + bar.tick, at, ink.axis) +
      text(tickX + bar.tick + 5, at + tickSize * 0.36, label, { size: tickSize })
    );
  });
  const quantity = quantityOf(placed.panel);
  if (quantity !== '')
    parts.push(
      text(tickX + placed.tickRoom + labelSize + 8, y + height / 2, quantity, {
        size: labelSize,
        anchor: 'middle',
        rotate: -90,
      }),
    );
  return embeddedStretched(png, frame) + outline(frame) + parts.join('');
}

function embeddedStretched(png: Uint8Array, frame: Frame): string {
  const href = `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
  return element('image', {
    ...frame,
    href,
    preserveAspectRatio: 'none',
    'image-rendering': 'optimizeSpeed',
  });
}

function quantityOf(panel: ImagePanel): string {
  const unit = panel.unit === undefined ? undefined : `(${panel.unit})`;
  return [panel.label, unit].filter((word) => word !== undefined).join(' ');
}

function barTicks(map: ColorMap, { min, max }: DisplayRange, count: number): readonly BarTick[] {
  if (map === 'cyclic' && min === -Math.PI && max === Math.PI)
    return [-2, -1, 0, 1, 2].map((halves) => ({ value: (halves * Math.PI) / 2, label: halfPiLabel(halves) }));
  const values = scaleLinear([min, max], [0, 1]).ticks(count);
  const labels = tickLabels(values);
  return values.map((value, i) => ({ value, label: labels[i] }));
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
