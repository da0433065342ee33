import { renderPanels, type RealImage } from '@ptychofleet/imaging';
import type { MadeFile } from './job.ts';

/** Predicted patches of one batch: real and imaginary part, (count, side, side, 2). */
export interface PatchBatch {
  readonly side: number;
  readonly values: Float32Array;
}

const listedMax = 4;
const shownMax = 16;

interface PatchFigures {
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Statistics of the amplitude of patches, by batch (spec cli.md §8): a flat patch has no deviation, so `var_zero_mean`,
 * the variance of patches about their own means, tells a reconstruction from a constant.
 */
export function statisticsOfBatch(batch: PatchBatch, index: number) {
  const patches = amplitudesOf(batch);
  const figures = patches.map(figuresOf);
  const area = batch.side * batch.side;
  const everything = new Float64Array(patches.length * area);
  patches.forEach((patch, i) => everything.set(patch, i * area));
  const all = figuresOf(everything);
  const variances = figures.map(({ std }) => std * std);
  return {
    phase: 'inference',
    batch_idx: index,
    batch_size: patches.length,
    global_mean: all.mean,
    global_std: all.std,
    var_zero_mean: variances.reduce((sum, value) => sum + value, 0) / variances.length,
    per_patch: figures.slice(0, listedMax).map((one, patch) => ({ patch_idx: patch, ...one })),
  };
}

/** The statistics of all batches and a picture of the first patches, under the reference's names. */
export function patchStatisticsFiles(batches: readonly PatchBatch[]): readonly MadeFile[] {
  const statistics = batches.map(statisticsOfBatch);
  const text = `${JSON.stringify(statistics, null, 2)}\n`;
  const side = batches[0]?.side ?? 0;
  const first = batches.flatMap(amplitudesOf).slice(0, shownMax);
  const panels = first.map((patch, i) => {
    const image: RealImage = { height: side, width: side, values: Float32Array.from(patch) };
    return { title: `patch ${i}`, image, colormap: 'gray' as const };
  });
  const rows = Array.from({ length: Math.ceil(panels.length / 4) }, (_, row) =>
    panels.slice(4 * row, 4 * row + 4),
  );
  return [
    { name: 'torch_patch_stats.json', bytes: new TextEncoder().encode(text) },
    { name: 'torch_patch_grid.png', bytes: renderPanels('Amplitude of the first patches', rows) },
  ];
}

function amplitudesOf({ side, values }: PatchBatch): Float64Array[] {
  const area = side * side;
  return Array.from({ length: values.length / (2 * area) }, (_, patch) =>
    Float64Array.from({ length: area }, (_, i) => {
      const at = 2 * (patch * area + i);
      return Math.hypot(values[at] as number, values[at + 1] as number);
    }),
  );
}

function figuresOf(values: Float64Array): PatchFigures {
  let [sum, min, max] = [0, Infinity, -Infinity];
  for (const value of values) {
    sum += value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return { mean, std: Math.sqrt(squares / values.length), min, max };
}
