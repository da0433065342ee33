import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '@ptychofleet/base';
import { colorTable } from './color-maps.ts';
import {
  compareToTruth,
  grayPng,
  renderComparison,
  renderCurves,
  renderImageFigure,
  renderPanels,
  robustRange,
  stitchTruePatches,
  type RealImage,
} from './index.ts';
import { frcFigure } from './quality-figures.ts';
import { halfPiLabel, numberLabel, tickLabels } from './number-labels.ts';
import { noiseComplex, noiseImage, scatteredPositions, smoothObject } from './random-images.test-support.ts';

type Rgb = readonly [number, number, number];

/** Pixels of exactly one colour in a PNG. */
function countOf(png: Uint8Array, [r, g, b]: Rgb): number {
  const { data, channels } = decode(png);
  let count = 0;
  for (let i = 0; i < data.length; i += channels)
    if (data[i] === r && data[i + 1] === g && data[i + 2] === b) count++;
  return count;
}

const blue: Rgb = [0x00, 0x72, 0xb2];
const orange: Rgb = [0xd5, 0x5e, 0x00];

describe('grey PNG', () => {
  it('holds one clipped level per value', () => {
    const values = [-1, 0, 0.5, 1, 7, NaN];
    const { width, height, channels, data } = decode(grayPng(values, 2, 3, { min: 0, max: 1 }));
    expect({ width, height, channels }).toEqual({ width: 3, height: 2, channels: 1 });
    expect([...data]).toEqual([0, 0, 128, 255, 255, 0]);
  });
});

describe('display range', () => {
  it('leaves out half a percent of hot pixels on either side, and unlit ones', () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => i);
    values[999] = 1e9;
    values[0] = -1e9;
    const image = { height: 25, width: 40, values };
    expect(robustRange(image)).toEqual({ min: 4, max: 995 });
    const lit = Uint8Array.from(values, (_, i) => (i >= 500 && i < 600 ? 1 : 0));
    expect(robustRange(image, lit)).toEqual({ min: 500, max: 599 });
  });

  it('of a flat or empty image is small but not empty', () => {
    const flat = robustRange({ height: 1, width: 2, values: Float64Array.of(3, 3) });
    expect(flat.min).toBeLessThan(3);
    expect(flat.max).toBeGreaterThan(3);
    expect(robustRange({ height: 1, width: 1, values: Float64Array.of(NaN) })).toEqual({ min: 0, max: 1 });
  });
});

describe('colour maps', () => {
  it('run from dark to light, from blue over white to red, and round in a circle', () => {
    const at = (map: Parameters<typeof colorTable>[0], i: number) => [
      ...colorTable(map).subarray(3 * i, 3 * i + 3),
    ];
    expect([at('gray', 0), at('gray', 255)]).toEqual([
      [0, 0, 0],
      [255, 255, 255],
    ]);
    expect(at('viridis', 0)).toEqual([68, 1, 84]);
    const [low, high] = [at('diverging', 0), at('diverging', 255)];
    expect(low[2]).toBeGreaterThan(low[0]);
    expect(high[0]).toBeGreaterThan(high[2]);
    at('cyclic', 255).forEach((value, i) => expect(Math.abs(value - at('cyclic', 0)[i])).toBeLessThan(3));
  });
});

describe('image figure', () => {
  const image: RealImage = { height: 2, width: 2, values: Float64Array.of(0, 1, 1, 0) };
  const panel = { title: 'Two by two', image, colormap: 'viridis', range: { min: 0, max: 1 } } as const;

  it('shows every value as a square of its exact colour', () => {
    const table = colorTable('viridis');
    const png = renderImageFigure(panel);
    for (const level of [0, 255]) {
      const color = table.subarray(3 * level, 3 * level + 3);
      // two squares of 360 × 360 px, less what the scale bar covers
      const count = countOf(png, [color[0], color[1], color[2]]);
      expect(count).toBeGreaterThan(2 * 360 * 360 - 15_000);
      expect(count).toBeLessThan(2 * 360 * 360 + 1000);
    }
  });

  it('gives unlit pixels and numbers that are none no colour of the map', () => {
    const lit = Uint8Array.of(1, 1, 1, 0);
    const [r, g, b] = colorTable('viridis');
    expect(countOf(renderImageFigure({ ...panel, lit }), [r, g, b])).toBeLessThan(360 * 360 + 1000);
    const holes = { ...image, values: Float64Array.of(0, 1, 1, NaN) };
    const hatched = renderImageFigure({ ...panel, image: holes });
    expect(bytesOf(hatched)).toEqual(bytesOf(renderImageFigure({ ...panel, lit })));
  });

  it('has the same bytes each time and treats a title as text', () => {
    const title = 'a < b & "c" </text><rect width="9000" height="9000" fill="#0072b2"/>\u0000\u001b';
    const png = renderImageFigure({ ...panel, title });
    expect(bytesOf(renderImageFigure({ ...panel, title }))).toEqual(bytesOf(png));
    expect(countOf(png, blue)).toBe(0);
  });

  it('writes with the bundled font', () => {
    const [named, unnamed] = [panel, { ...panel, title: '' }].map((p) =>
      countOf(renderImageFigure(p), [28, 31, 36]),
    );
    expect(named).toBeGreaterThan(unnamed + 200);
  });

  it('sets panels side by side and in rows', () => {
    const one = decode(renderPanels('', [[panel]]));
    const two = decode(renderPanels('', [[panel, panel]]));
    const four = decode(renderPanels('', [[panel, panel], [panel, panel]])); // prettier-ignore
    expect(two.height).toBe(one.height);
    expect(two.width).toBeGreaterThan(1.8 * one.width);
    expect(four.width).toBe(two.width);
    expect(four.height).toBeGreaterThan(1.8 * two.height);
  });
});

describe('curves', () => {
  const x = [1, 2, 3, 4];
  const base = { title: 'Loss', xLabel: 'epoch', yLabel: 'loss' };

  it('draw each series in its own colour', () => {
    const png = renderCurves({
      ...base,
      series: [
        { label: 'a', x, y: [4, 3, 2, 1] },
        { label: 'b', x, y: [1, 2, 3, 4], dashed: true },
      ],
    });
    expect(countOf(png, blue)).toBeGreaterThan(1000);
    expect(countOf(png, orange)).toBeGreaterThan(800);
  });

  it('put a value where the axes say', () => {
    const dot = (y: number) => {
      const y1 = { label: '', x: [0.5], y: [y] };
      const png = renderCurves({ ...base, title: '', series: [y1], xDomain: [0, 1], yDomain: [0, 1] });
      const { data, channels, width } = decode(png);
      const rows: number[] = [];
      for (let i = 0; i < data.length; i += channels) {
        const row = Math.floor(i / channels / width);
        // below the legend, which shows the same colour
        if (row > 100 && data[i] === blue[0] && data[i + 1] === blue[1] && data[i + 2] === blue[2])
          rows.push(row);
      }
      return rows.reduce((a, b) => a + b, 0) / rows.length;
    };
    const [low, middle, high] = [dot(0.25), dot(0.5), dot(0.75)];
    expect(middle - high).toBeGreaterThan(80);
    expect(Math.abs(low - middle - (middle - high))).toBeLessThan(1);
  });

  it('leave out what a logarithmic axis cannot show and fault when nothing is left', () => {
    const series = [{ label: 'a', x, y: [100, NaN, -5, 1] }];
    expect(countOf(renderCurves({ ...base, logY: true, series }), blue)).toBeGreaterThan(50);
    expect(() =>
      renderCurves({ ...base, logY: true, series: [{ label: 'a', x, y: [0, 0, NaN, -1] }] }),
    ).toThrow('series: received 1 curves without a point, expected at least one finite positive value');
    expect(
      countOf(renderCurves({ ...base, series: [{ label: 'flat', x, y: [2, 2, 2, 2] }] }), blue),
    ).toBeGreaterThan(500);
  });

  it('mark points with rings', () => {
    const curve = { label: 'a', x: [0, 1], y: [1, 0] };
    const ring = { ...curve, marks: [{ x: 0.25, y: 0.25 }] };
    const [plain, marked] = [curve, ring].map((entry) =>
      countOf(renderCurves({ ...base, series: [entry] }), blue),
    );
    expect(marked - plain).toBeGreaterThan(50);
  });

  it('show ring correlations, with a ring where one crosses 1/2', () => {
    const side = 64;
    const flat = new Float64Array(46).fill(0.9);
    const drawn = (frc: Float64Array) =>
      countOf(renderCurves(frcFigure('Ring correlation', [{ label: 'amplitude', frc, side }])), blue);
    // one ring below the threshold brings a longer line and a mark
    const dipped = flat.slice();
    dipped[16] = 0.45;
    expect(drawn(dipped)).toBeGreaterThan(drawn(flat) + 500);
    // beyond Nyquist nothing is shown
    const corner = flat.slice();
    corner[40] = 0.1;
    expect(drawn(corner)).toBe(drawn(flat));
  });
});

describe('axis labels', () => {
  it('are short', () => {
    expect([0, 0.25, -3, 300_000, 1.5e6, 2e-5, 1e-4, 12_345].map(numberLabel)).toEqual([
      '0',
      '0.25',
      '−3',
      '300k',
      '1.5M',
      '2×10⁻⁵',
      '10⁻⁴',
      '12.345k',
    ]);
    expect(tickLabels([-0.5, 0, 0.25])).toEqual(['−0.50', '0.00', '0.25']);
    expect(tickLabels([0, 10_000])).toEqual(['0', '10k']);
    expect([-2, -1, 0, 1, 2, 3].map(halfPiLabel)).toEqual(['−π', '−π/2', '0', 'π/2', 'π', '3π/2']);
  });
});

describe('comparison figure', () => {
  const truth = smoothObject(80, 80);
  const positions = scatteredPositions(120, 20, 40, 7);
  const stitched = stitchTruePatches(truth, positions, 12);
  const comparisonOf = (seed: number, noise: number) => {
    const { height, width, re, im } = stitched.image;
    const spoilt = noiseComplex(height, width, seed);
    const image = {
      height,
      width,
      re: re.map((value, i) => value + noise * spoilt.re[i]),
      im: im.map((value, i) => value + noise * spoilt.im[i]),
    };
    return compareToTruth({ canvas: { ...stitched, image }, truth, positions, crop: 12 });
  };
  const shown = [
    { label: 'first', comparison: comparisonOf(1, 0.02) },
    { label: 'second', comparison: comparisonOf(2, 0.2) },
  ];

  it('has a row of three panels for each quantity of each reconstruction, and the ring correlations', () => {
    const one = decode(renderComparison('Smooth object', shown.slice(0, 1), 'Truth'));
    const two = decode(renderComparison('Smooth object', shown, 'Truth'));
    const panels = (count: number) => {
      const side = shown[0].comparison.box.height;
      const panel = { title: 't', image: noiseImage(side, side, 1), colormap: 'gray', note: 'n' } as const;
      return decode(
        renderPanels(
          'title',
          Array.from({ length: count }, () => [panel, panel, panel]),
        ),
      ).height;
    };
    expect(two.height - one.height).toBe(panels(4) - panels(2));
    expect(one.height).toBeGreaterThan(panels(2) + 400);
  });

  it('draws a ring correlation for each reconstruction in a colour of its own, in both plots', () => {
    const [one, two] = [shown.slice(0, 1), shown].map((some) => renderComparison('', some, 'Truth'));
    expect(countOf(one, blue)).toBeGreaterThan(1000);
    expect(countOf(one, orange)).toBe(0);
    expect(countOf(two, orange)).toBeGreaterThan(1000);
  });
});
