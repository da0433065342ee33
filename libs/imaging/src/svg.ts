import { createRequire } from 'node:module';
import { Resvg } from '@resvg/resvg-js';

/** Ink colours of all figures. */
export const ink = { text: '#1c1f24', faint: '#5b636e', axis: '#3a4049', grid: '#e3e6ea', hatch: '#c3c8cf' };

type Attributes = Record<string, string | number>;

/** One SVG element. Attribute values and {@link text} are escaped; `children` are markup from these functions. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? short(value) : escapeText(value)}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

export interface TextStyle {
  readonly size: number;
  readonly weight?: 'bold';
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly color?: string;
  /** Degrees, clockwise, about the anchor point. */
  readonly rotate?: number;
  /** Longer texts end in an ellipsis, in pixels. */
  readonly maxWidth?: number;
}

/** A line of text with its baseline at y. */
export function text(x: number, y: number, content: string, style: TextStyle): string {
  const attributes: Attributes = {
    x,
    y,
    'font-size': style.size,
    fill: style.color ?? ink.text,
    'text-anchor': style.anchor ?? 'start',
  };
  if (style.weight !== undefined) attributes['font-weight'] = style.weight;
  if (style.rotate !== undefined) attributes.transform = `rotate(${style.rotate} ${short(x)} ${short(y)})`;
  return element('text', attributes, escapeText(fitted(content, style)));
}

export function line(x1: number, y1: number, x2: number, y2: number, stroke: string, width = 1): string {
  return element('line', { x1, y1, x2, y2, stroke, 'stroke-width': width });
}

/** Rough width of a text in DejaVu Sans, in pixels; errs on the wide side. */
export function textWidth(content: string, size: number, weight?: 'bold'): number {
  return content.length * size * (weight === 'bold' ? 0.68 : 0.61);
}

function fitted(content: string, { size, weight, maxWidth }: TextStyle): string {
  if (maxWidth === undefined || textWidth(content, size, weight) <= maxWidth) return content;
  const characters = Math.max(1, Math.floor(maxWidth / textWidth('x', size, weight)) - 1);
  return `${content.slice(0, characters)}…`;
}

/** XML text without control characters, which no escape could carry. */
function escapeText(content: string): string {
  return content
    .replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}

/** Hundredths of a pixel are enough and keep the markup short. */
export function short(value: number): string {
  return String(Math.round(100 * value) / 100);
}

const fontFiles = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) =>
  createRequire(import.meta.url).resolve(`dejavu-fonts-ttf/ttf/${name}`),
);

/** Draws a figure on white; only the fonts named here are used, so a figure has the same bytes on every machine. */
export function rasterise(width: number, height: number, ...children: readonly string[]): Uint8Array {
  const svg = element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', width, height, 'font-family': 'DejaVu Sans' },
    ...children,
  );
  const font = { fontFiles, loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans' };
  return new Uint8Array(new Resvg(svg, { font, background: '#ffffff' }).render().asPng());
}
