import { scaleLinear, scaleLog, type ScaleContinuousNumeric } from 'd3-scale';
import { line as linePath } from 'd3-shape';
import { invalidInput } from '@ptychofleet/base';
import { numberLabel, tickLabels } from './number-labels.ts';
import { element, ink, line, rasterise, short, text, textWidth } from './svg.ts';

export interface CurveSeries {
  readonly label: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly dashed?: boolean;
  /** Points to mark with a ring. */
  readonly marks?: readonly { readonly x: number; readonly y: number }[];
}

export interface CurveFigure {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly CurveSeries[];
  readonly logY?: boolean;
  /** Horizontal reference lines. */
  readonly hlines?: readonly { readonly y: number; readonly label: string }[];
  /** Ends of the axes; by default what the series need. */
  readonly xDomain?: readonly [number, number];
  readonly yDomain?: readonly [number, number];
}

/** Where a figure goes and how large its title is; `clipId` is one of its own in the whole picture. */
export interface CurveFrame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly titleSize: number;
  readonly clipId: string;
}

const wholePicture: CurveFrame = { x: 0, y: 0, width: 1080, height: 660, titleSize: 26, clipId: 'plot' };
const margin = { right: 36, bottom: 84 };
const sizes = { axis: 19, tick: 17, legend: 17, guide: 16 };
/** Colours that colour-blind readers can tell apart (Okabe & Ito 2008). */
const palette = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#4d4d4d'];
/** Up to this many points each is drawn as a dot too. */
const dottedPoints = 60;

/**
 * Curves over a common axis as PNG bytes. Points that are not finite, and those not positive on a logarithmic axis,
 * break the line. Faults when no point is left.
 */
export function renderCurves(figure: CurveFigure): Uint8Array {
  return rasterise(wholePicture.width, wholePicture.height, drawCurves(figure, wholePicture));
}

/** The markup of {@link renderCurves} for a part of a picture. */
export function drawCurves(figure: CurveFigure, frame: CurveFrame): string {
  const logY = figure.logY ?? false;
  const points = figure.series.map((series) => drawablePoints(series, logY));
  const all = points.flat().filter((point) => point !== null);
  if (all.length === 0)
    throw invalidInput(
      'series',
      `${figure.series.length} curves without a point`,
      `at least one finite${logY ? ' positive' : ''} value`,
    );
  const guides = (figure.hlines ?? []).filter((guide) => !logY || guide.y > 0);
  const names = legend(figure.series, frame.width);
  const yDomain = figure.yDomain ?? roomyRange([...all.map(([, y]) => y), ...guides.map(({ y }) => y)], logY);
  const bottom = frame.height - margin.bottom;
  const top = 96 + names.height;
  const y = logY ? scaleLog(yDomain, [bottom, top]) : scaleLinear(yDomain, [bottom, top]);
  if (!logY && figure.yDomain === undefined) y.nice();
  const yTicks = verticalTicks(y, logY);
  const left = 72 + Math.max(...yTicks.map(({ label }) => textWidth(label, sizes.tick)));
  const plot: Plot = { left, right: frame.width - margin.right, top, bottom };
  const xDomain = figure.xDomain ?? extent(all.map(([x]) => x));
  // half a dot of room, so that the first point does not sit on the axis
  const inset = figure.xDomain === undefined ? 12 : 0;
  const x = scaleLinear(xDomain, [plot.left + inset, plot.right - inset]);
  return element(
    'g',
    { transform: `translate(${short(frame.x)} ${short(frame.y)})` },
    clip(plot, frame.clipId),
    text(left, 44, figure.title, { size: frame.titleSize, weight: 'bold', maxWidth: plot.right - left }),
    element('g', { transform: `translate(${short(left)} 0)` }, names.markup),
    ...yTicks.map((tick) => line(left, tick.at, plot.right, tick.at, ink.grid)),
    horizontalAxis(x, figure, plot, frame.height),
    verticalAxis(yTicks, figure.yLabel, plot),
    ...guides.map((guide) => guideLine(Math.round(y(guide.y)) + 0.5, guide.label, plot)),
    element(
      'g',
      { 'clip-path': `url(#${frame.clipId})` },
      ...figure.series.map((series, i) => drawSeries(series, points[i], colorOf(i), x, y)),
    ),
  );
}

type Point = readonly [x: number, y: number];
type Scale = ScaleContinuousNumeric<number, number>;

interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function colorOf(series: number): string {
  return palette[series % palette.length];
}

function drawablePoints(series: CurveSeries, logY: boolean): (Point | null)[] {
  return Array.from({ length: series.x.length }, (_, i) => {
    const [x, y] = [series.x[i], series.y[i]];
    return Number.isFinite(x) && Number.isFinite(y) && (!logY || y > 0) ? ([x, y] as const) : null;
  });
}

/** Smallest and largest value, kept apart when equal. */
function extent(values: readonly number[]): [number, number] {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const room = low === high ? Math.max(Math.abs(low) * 0.1, 1e-12) : 0;
  return [low - room, high + room];
}

/** The extent with some air; values that are never negative keep an axis that is not either. */
function roomyRange(values: readonly number[], logY: boolean): [number, number] {
  const [low, high] = extent(values);
  if (logY) {
    const factor = (high / low) ** 0.05;
    return [low / factor, high * factor];
  }
  const room = 0.04 * (high - low);
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

function clip({ left, right, top, bottom }: Plot, id: string): string {
  const area = { x: left, y: top - 6, width: right - left + 6, height: bottom - top + 12 };
  return element('defs', {}, element('clipPath', { id }, element('rect', area)));
}

function drawSeries(
  series: CurveSeries,
  points: readonly (Point | null)[],
  color: string,
  x: Scale,
  y: Scale,
): string {
  const path = linePath<Point | null>()
    .defined((point) => point !== null)
    .x((point) => x((point as Point)[0]))
    .y((point) => y((point as Point)[1]))
    .digits(2)(points);
  const shown = points.filter((point) => point !== null);
  const dots = shown.length <= dottedPoints ? shown : [];
  return [
    element('path', {
      d: path ?? '',
      fill: 'none',
      stroke: color,
      'stroke-width': shown.length > 400 ? 1.6 : 2.8,
      'stroke-linejoin': 'round',
      'stroke-linecap': 'round',
      ...dashes(series),
    }),
    ...dots.map(([px, py]) => element('circle', { cx: x(px), cy: y(py), r: 3.6, fill: color })),
    ...(series.marks ?? []).map((mark) =>
      element('circle', {
        cx: x(mark.x),
        cy: y(mark.y),
        r: 7,
        fill: '#ffffff',
        stroke: color,
        'stroke-width': 2.8,
      }),
    ),
  ].join('');
}

function dashes(series: CurveSeries): { 'stroke-dasharray'?: string } {
  return series.dashed ? { 'stroke-dasharray': '9 7' } : {};
}

/** Names of the curves in lines under the title, where they never cover a curve; coordinates from the plot's left edge. */
function legend(series: readonly CurveSeries[], figureWidth: number): { markup: string; height: number } {
  const room = figureWidth - margin.right - 150;
  const rowHeight = 28;
  let x = 0;
  let y = 74;
  const parts: string[] = [];
  series.forEach((entry, i) => {
    const width = 43 + textWidth(entry.label, sizes.legend) + 26;
    if (x > 0 && x + width > room) {
      x = 0;
      y += rowHeight;
    }
    const sample = { x1: x, y1: y, x2: x + 34, y2: y, stroke: colorOf(i), 'stroke-width': 4 };
    parts.push(element('line', { ...sample, ...dashes(entry) }));
    parts.push(text(x + 43, y + 6, entry.label, { size: sizes.legend, maxWidth: room - 43 }));
    x += width;
  });
  return { markup: parts.join(''), height: y - 74 + 12 };
}

function horizontalAxis(
  x: Scale,
  figure: CurveFigure,
  { left, right, top, bottom }: Plot,
  figureHeight: number,
): string {
  const whole = figure.series.every((series) => Array.from(series.x).every(Number.isInteger));
  const ticks = x.ticks(9).filter((tick) => !whole || Number.isInteger(tick));
  const labels = tickLabels(ticks);
  return [
    ...ticks.flatMap((tick, i) => {
      const at = Math.round(x(tick)) + 0.5;
      return [
        line(at, top, at, bottom, ink.grid),
        line(at, bottom, at, bottom + 7, ink.axis, 1.4),
        text(at, bottom + 27, labels[i], { size: sizes.tick, anchor: 'middle' }),
      ];
    }),
    line(left, bottom + 0.5, right, bottom + 0.5, ink.axis, 1.4),
    text((left + right) / 2, figureHeight - 24, figure.xLabel, { size: sizes.axis, anchor: 'middle' }),
  ].join('');
}

interface VerticalTick {
  readonly at: number;
  /** Empty for ticks that get a grid line alone. */
  readonly label: string;
}

function verticalTicks(y: Scale, logY: boolean): readonly VerticalTick[] {
  const ticks = y.ticks(7);
  const labelled = logY ? roundTicks(ticks) : ticks;
  const labels = logY ? labelled.map(numberLabel) : tickLabels(labelled);
  return ticks.map((tick) => ({
    at: Math.round(y(tick)) + 0.5,
    label: labels[labelled.indexOf(tick)] ?? '',
  }));
}

function verticalAxis(ticks: readonly VerticalTick[], label: string, { left, top, bottom }: Plot): string {
  const marked = ticks.filter((tick) => tick.label !== '');
  return [
    ...marked.flatMap((tick) => [
      line(left - 7, tick.at, left, tick.at, ink.axis, 1.4),
      text(left - 12, tick.at + 6, tick.label, { size: sizes.tick, anchor: 'end' }),
    ]),
    line(left + 0.5, top, left + 0.5, bottom + 1, ink.axis, 1.4),
    text(36, (top + bottom) / 2, label, { size: sizes.axis, anchor: 'middle', rotate: -90 }),
  ].join('');
}

/** Of many logarithmic ticks those worth a label: the powers of ten, with 2 and 5 when there is room. */
function roundTicks(ticks: readonly number[]): readonly number[] {
  const leading = (tick: number) => Math.round(tick / 10 ** Math.floor(Math.log10(tick) + 1e-9));
  const powers = ticks.filter((tick) => leading(tick) === 1);
  if (powers.length >= 4) return powers;
  const rounder = ticks.filter((tick) => [1, 2, 5].includes(leading(tick)));
  return rounder.length >= 3 ? rounder : ticks;
}

function guideLine(at: number, label: string, { left, right }: Plot): string {
  const path = { d: `M${short(left)} ${short(at)} H${short(right)}`, stroke: ink.faint, 'stroke-width': 1.6 };
  return (
    element('path', { ...path, 'stroke-dasharray': '3 5' }) +
    // beside the plot, where no curve can cross it
    text(right + 5, at + 5, label, { size: sizes.guide, color: ink.faint })
  );
}
