import { digestOf, Fault } from '@ptychofleet/base';
import { flagsOf } from '@ptychofleet/config';
import { defaultSimulation, simulateScan } from '@ptychofleet/data';
import { beforeAll, describe, expect, it } from 'vitest';
import { inferInProcess, type Inferred } from './infer-in-process.test-support.ts';
import { trainInProcess } from './train-in-process.test-support.ts';

const scan = simulateScan({
  ...defaultSimulation,
  scan: { ...defaultSimulation.scan, kind: 'raster', count: 16, margin: 80, seed: 3 },
});
const bundles = new Map<number, Uint8Array>();

beforeAll(async () => {
  for (const gridsize of [1, 2]) {
    const small = { nFiltersScale: 1, cbamEncoder: false, nGroups: 2, batchSize: 2, virtualShards: 1 };
    const trained = await trainInProcess({ ...small, gridsize, epochs: 1 }, scan, null);
    bundles.set(gridsize, await trained.bundle());
  }
});

type Seen = (inferred: Inferred) => unknown;
const picture: Seen = ({ files }) => digestOf((files[0] as { bytes: Uint8Array }).bytes);
const names: Seen = ({ files }) => files.map(({ name }) => name);
const batches: Seen = (inferred) => inferred.batches;
const described: Seen = ({ files }) => {
  const file = files.find(({ name }) => name.endsWith('.json'));
  return JSON.parse(new TextDecoder().decode(file?.bytes)).length;
};
/** For a value that is refused beside one that is not. */
const done: Seen = () => 'done';

interface Row {
  readonly values: readonly [unknown, unknown];
  readonly see: Seen;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly gridsize?: number;
}
const row = (first: unknown, second: unknown, see: Seen, more: Omit<Row, 'values' | 'see'> = {}): Row => ({
  values: [first, second],
  see,
  ...more,
});
const grouped = { gridsize: 2, with: { nGroups: 8 } };
const oversampled = { nGroups: 18, enableOversampling: true };

/** Every field of data and reconstruction, with two values and where the difference shows. */
const rows: Record<string, Row> = {
  'data.N': row(64, 128, done),
  'data.nGroups': row(null, 4, picture),
  'data.nSubsample': row(null, 8, picture),
  'data.subsampleSeed': row(1, 2, picture, { with: { nSubsample: 8 } }),
  'data.neighborCount': row(4, 9, picture, grouped),
  'data.sequentialSampling': row(false, true, picture, { with: { nGroups: 4 } }),
  'data.enableOversampling': row(false, true, done, { gridsize: 2, with: { nGroups: 20 } }),
  'data.neighborPoolSize': row(4, 5, picture, { gridsize: 2, with: { ...oversampled, neighborCount: 5 } }),
  'inference.patchWeighting': row('uniform', 'probe', picture),
  'inference.patchPhases': row('aligned', 'predicted', picture, { with: { stitchCrop: 60 } }),
  'inference.stitchCrop': row(20, 40, picture),
  'inference.middleTrim': row(32, 40, picture, { with: { patchWeighting: 'probe' } }),
  'inference.logPatchStats': row(false, true, names),
  'inference.patchStatsLimit': row(1, 2, described, { with: { logPatchStats: true, inferenceBatchSize: 2 } }),
  'execution.inferenceBatchSize': row(2, 8, batches),
};
/** Fields of the pictures that the command paints: tests/liveness. */
const elsewhere = ['inference.phaseVmin', 'inference.phaseVmax'];

async function seen(path: string, value: unknown): Promise<unknown> {
  const { see, gridsize = 1, with: more = {} } = rows[path] as Row;
  const [section, key] = path.split('.') as [string, string];
  try {
    const inferred = await inferInProcess(
      { ...more, [key]: value },
      scan,
      bundles.get(gridsize) as Uint8Array,
    );
    const specified = (inferred.spec as unknown as Record<string, Record<string, unknown>>)[section]?.[key];
    expect(specified).toBe(value);
    return see(inferred);
  } catch (error) {
    if (error instanceof Fault && see === done) return error.message;
    throw error;
  }
}

describe('every field of a reconstruction', () => {
  const fields = flagsOf('infer').filter(({ field }) => /^(data|inference)\./.test(field));

  it('is in the table, or is refused', () => {
    const live = fields.filter(({ refused }) => refused === null).map(({ field }) => field);
    const shown = Object.keys(rows).filter((path) => !path.startsWith('execution.'));
    expect([...shown, ...elsewhere].sort()).toEqual([...new Set(live)].sort());
    const refused = fields
      .filter(
        ({ refused: why, field }) =>
          why !== null && !/^data\.(nphotons|coordinates|probe|target)/.test(field),
      )
      .map(({ field }) => field);
    expect([...new Set(refused)].sort()).toEqual(['inference.padEval', 'inference.varproScaling']);
  });

  it.each(Object.keys(rows))('%s shows', async (path) => {
    const [first, second] = (rows[path] as Row).values;
    expect(await seen(path, first)).not.toEqual(await seen(path, second));
  });
});

it('patch statistics tell a reconstruction from a constant', async () => {
  const { files } = await inferInProcess(
    { logPatchStats: true, inferenceBatchSize: 8 },
    scan,
    bundles.get(1) as Uint8Array,
  );
  expect(files.map(({ name }) => name)).toEqual([
    'reconstruction.npz',
    'torch_patch_stats.json',
    'torch_patch_grid.png',
  ]);
  const [first, second, ...more] = JSON.parse(new TextDecoder().decode(files[1]?.bytes));
  expect([first.batch_idx, second.batch_idx, more]).toEqual([0, 1, []]);
  expect(first).toMatchObject({ phase: 'inference', batch_size: 8 });
  expect(first.per_patch).toHaveLength(4);
  // The reference's thresholds (spec cli.md §8).
  expect(first.var_zero_mean).toBeGreaterThan(1e-6);
  expect(Math.abs(first.global_mean)).toBeGreaterThan(1e-9);
  for (const { mean, min, max, std } of first.per_patch) {
    expect(min <= mean && mean <= max).toBe(true);
    expect(std).toBeGreaterThan(0);
  }
  expect(files[2]?.bytes.length).toBeGreaterThan(1000);
});
