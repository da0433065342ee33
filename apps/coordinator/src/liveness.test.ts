import { Fault } from '@ptychofleet/base';
import { readBundle } from '@ptychofleet/bundle';
import { flagsOf } from '@ptychofleet/config';
import { defaultSimulation, simulateScan, type ScanDataset } from '@ptychofleet/data';
import { describe, expect, it } from 'vitest';
import { trainInProcess, type Trained } from './train-in-process.test-support.ts';

const simulated = (
  count: number,
  seed: number,
  fields: Partial<typeof defaultSimulation> = {},
): ScanDataset =>
  simulateScan({ ...defaultSimulation, scan: { ...defaultSimulation.scan, count, seed }, ...fields });

const near = (count: number, seed: number): ScanDataset => {
  const scan = simulated(count, seed);
  // Close enough for a group of any side: a few pixels around one place.
  const around = (values: Float64Array): Float64Array => values.map((value) => 116 + 0.05 * (value - 116));
  return { ...scan, x: around(scan.x), y: around(scan.y) };
};
const scans = {
  near: near(10, 1),
  /** Neighbours farther apart than the central half of a patch is wide. */
  coarse: simulated(6, 3, { scan: { ...defaultSimulation.scan, kind: 'raster', count: 16 } }),
  large: simulated(2, 4, { N: 128, scan: { ...defaultSimulation.scan, count: 2, margin: 70 } }),
  huge: simulated(2, 5, { N: 256, object: { ...defaultSimulation.object, side: 300 }, scan: { ...defaultSimulation.scan, count: 2, margin: 130 } }), // prettier-ignore
};
const validation = near(6, 2);

/** Two steps of the smallest network on four groups. */
const base = {
  nFiltersScale: 1,
  cbamEncoder: false,
  nGroups: 4,
  batchSize: 2,
  virtualShards: 1,
  epochs: 1,
  learningRate: 1e-3,
  scheduler: 'Default',
};
const grouped = { gridsize: 2, nGroups: 2 };
const masked = { probeMask: true };
const asInFile = { probeNormalization: 'none' };
const shaped = { realspaceWeight: 10, tvWeight: 1 };
const plateau = { scheduler: 'ReduceLROnPlateau', plateauThreshold: 0.99, plateauPatience: 0 };
const still = { learningRate: 1e-30, epochs: 4 };
const adaptive = { scheduler: 'Adaptive', stage1Epochs: 1, stage2Epochs: 3 };

type Seen = (trained: Trained) => unknown;
const weights: Seen = ({ weights }) => weights;
const rates: Seen = ({ epochs }) => epochs.map(({ learningRate }) => learningRate);
const epochCount: Seen = ({ epochs }) => epochs.length;
const parameters: Seen = ({ size }) => size;
const versions: Seen = ({ versions }) => versions;
/** For a value that is refused beside one that is not. */
const trained: Seen = () => 'trained';

interface Row {
  /** Two values that must differ in what is seen. */
  readonly values: readonly [unknown, unknown];
  readonly see: Seen;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly scan?: keyof typeof scans;
  readonly validated?: boolean;
}
const row = (first: unknown, second: unknown, see: Seen, more: Omit<Row, 'values' | 'see'> = {}): Row => ({
  values: [first, second],
  see,
  ...more,
});
const inEpochs = (epochs: number, more: Readonly<Record<string, unknown>>) => ({ with: { epochs, ...more } });

/** Every field of network, loss, data and training, with two values and where the difference shows. */
const rows: Record<string, Row> = {
  'model.modelType': row('pinn', 'supervised', weights),
  'model.N': row(64, 128, trained, { scan: 'large' }),
  'model.gridsize': row(1, 2, parameters),
  'model.nFiltersScale': row(1, 2, parameters),
  'model.ampActivation': row('swish', 'softplus', weights),
  'model.objectBig': row(true, false, parameters, { with: grouped }),
  // A merged canvas takes the central halves alone (model spec §6.3).
  'model.probeBig': row(true, false, weights, { with: { objectBig: false } }),
  'model.probeMask': row(false, true, weights),
  'model.probeMaskSigma': row(1, 2, weights, { with: masked }),
  'model.probeMaskDiameter': row(null, 20, weights, { with: masked }),
  'model.probeScale': row(4, 2, weights, { with: asInFile }),
  'model.amplitudePhysicsGain': row(1, 2, weights, { with: asInFile }),
  'model.inputScale': row(1, 4, weights),
  'model.cbamEncoder': row(false, true, parameters),
  'model.cbamBottleneck': row(false, true, parameters),
  'model.trainingPatchWeighting': row('central_mask', 'probe', weights, { with: grouped }),
  'model.maxNeighborDistance': row(3, 40, weights, { with: grouped, scan: 'coarse' }),
  'model.intensityScaleTrainable': row(false, true, parameters),
  'model.headVariant': row('torch', 'tensorflow', parameters),
  'loss.kind': row('poisson', 'mae', weights),
  'loss.normalizer': row('run', 'batch', weights, { with: { optimizer: 'sgd', learningRate: 1e-9 } }),
  'loss.nllWeight': row(1, 0.5, weights, { with: { maeWeight: 0.5 } }),
  'loss.maeWeight': row(0, 1, weights),
  'loss.realspaceWeight': row(10, 1000, weights, { with: shaped }),
  'loss.realspaceMaeWeight': row(0, 10, weights, { with: shaped }),
  'loss.tvWeight': row(1, 100, weights, { with: shaped }),
  'loss.maePredL2MatchTarget': row(false, true, weights, { with: { torchLossMode: 'mae' } }),
  'data.nGroups': row(2, 4, weights),
  'data.nSubsample': row(null, 5, weights),
  'data.subsampleSeed': row(1, 2, weights),
  'data.neighborCount': row(4, 8, weights, { with: grouped }),
  'data.sequentialSampling': row(false, true, weights),
  'data.enableOversampling': row(false, true, trained, { with: { gridsize: 2, nGroups: 12 } }),
  'data.neighborPoolSize': row(5, 9, weights, {
    with: { gridsize: 2, nGroups: 12, enableOversampling: true },
  }),
  'data.nphotons': row(1e6, 1e9, weights),
  'data.probeNormalization': row('target', 'none', weights),
  'data.targetAmplitude': row(0.5, 0.1, weights),
  'training.epochs': row(1, 2, epochCount),
  'training.batchSize': row(1, 2, weights),
  'training.learningRate': row(1e-3, 1e-4, weights),
  'training.optimizer': row('adam', 'adamw', weights, { with: { weightDecay: 0.1 } }),
  'training.adamBeta1': row(0.9, 0.5, weights),
  'training.adamBeta2': row(0.999, 0.9, weights),
  'training.adamEpsilon': row(1e-8, 1e-2, weights),
  'training.momentum': row(0.9, 0, weights, { with: { optimizer: 'sgd', learningRate: 1e-9 } }),
  'training.weightDecay': row(0, 0.1, weights),
  'training.scheduler': row('Default', 'Exponential', rates, inEpochs(3, {})),
  'training.lrWarmupEpochs': row(0, 2, rates, inEpochs(3, { scheduler: 'WarmupCosine' })),
  'training.lrMinRatio': row(0.1, 0.5, rates, inEpochs(3, { scheduler: 'CosineAnnealing' })),
  'training.plateauFactor': row(0.5, 0.25, rates, { ...inEpochs(3, plateau), validated: true }),
  'training.plateauPatience': row(0, 1, rates, { ...inEpochs(3, plateau), validated: true }),
  'training.plateauMinLr': row(5e-5, 8e-4, rates, { ...inEpochs(3, plateau), validated: true }),
  'training.plateauThreshold': row(0.99, 0, rates, { ...inEpochs(3, plateau), validated: true }),
  'training.stage1Epochs': row(1, 2, rates, inEpochs(3, { scheduler: 'MultiStage' })),
  'training.stage2Epochs': row(2, 3, rates, inEpochs(4, adaptive)),
  'training.stage3LrFactor': row(0.1, 0.2, rates, inEpochs(2, { scheduler: 'MultiStage', stage1Epochs: 1 })),
  'training.physicsWeightSchedule': row('cosine', 'linear', rates, inEpochs(4, adaptive)),
  'training.gradientClipVal': row(null, 1e-3, weights, { with: { optimizer: 'sgd', learningRate: 1e-9 } }),
  'training.gradientClipAlgorithm': row('norm', 'value', weights, { with: { gradientClipVal: 1 } }),
  'training.accumSteps': row(1, 2, versions),
  'training.earlyStopPatience': row(1, 2, epochCount, { with: still, validated: true }),
  'training.seed': row(1, 2, weights),
  'training.virtualShards': row(1, 2, weights),
  'training.initialization': row('he', 'torch', weights),
};

/** Runs are shared between rows that ask for the same. */
const runs = new Map<string, Promise<Trained>>();
function train(overrides: Readonly<Record<string, unknown>>, scan: keyof typeof scans, validated: boolean) {
  const all = { ...base, ...overrides };
  const key = JSON.stringify([Object.entries(all).sort(), scan, validated]);
  let run = runs.get(key);
  if (run === undefined) {
    run = trainInProcess(all, scans[scan], validated ? validation : null);
    run.catch(() => {});
    runs.set(key, run);
  }
  return run;
}

/** Fields that have another name outside their section. */
const namesElsewhere: Readonly<Record<string, string>> = {
  'loss.kind': 'torchLossMode',
  'loss.normalizer': 'lossNormalizer',
};

/** What is seen of a run; a refusal is something that is seen, too. */
async function seen(path: string, value: unknown): Promise<unknown> {
  const { see, scan = 'near', validated = false, with: more = {} } = rows[path] as Row;
  const [section, key] = path.split('.') as [string, string];
  const name = namesElsewhere[path] ?? key;
  try {
    const run = await train({ ...more, [name]: value }, scan, validated);
    const specified = (run.spec as unknown as Record<string, Record<string, unknown>>)[section]?.[key];
    expect(specified).toBe(value);
    return see(run);
  } catch (error) {
    if (error instanceof Fault && see === trained) return error.message;
    throw error;
  }
}

describe('every field of network, loss, data and training', () => {
  const fields = flagsOf('train').filter(({ field }) => /^(model|loss|data|training)\./.test(field));

  it('is in the table, or is refused', () => {
    const live = new Set(fields.filter(({ refused }) => refused === null).map(({ field }) => field));
    expect(Object.keys(rows).sort()).toEqual([...live].sort());
    const refused = new Set(fields.filter(({ refused }) => refused !== null).map(({ field }) => field));
    expect([...refused].sort()).toEqual(['data.coordinates', 'model.architecture']);
  });

  it.each(Object.keys(rows))('%s shows', async (path) => {
    const [first, second] = (rows[path] as Row).values;
    const [one, other] = [await seen(path, first), await seen(path, second)];
    expect(one).not.toEqual(other);
  });
});

describe('values that the table does not reach', () => {
  it.each([
    ['ampActivation', ['swish', 'sigmoid', 'softplus', 'relu'], {}],
    ['trainingPatchWeighting', ['central_mask', 'probe', 'uniform'], grouped],
    ['initialization', ['he', 'torch', 'glorot', 'hash'], {}],
    ['optimizer', ['adam', 'adamw', 'sgd'], { learningRate: 1e-9, weightDecay: 0.5 }],
    ['gradientClipAlgorithm', ['norm', 'value', 'agc'], { gradientClipVal: 0.1 }],
    ['gridsize', [1, 2, 3], { nGroups: 2, neighborCount: 9 }],
  ] as const)('%s: each of %o trains to other weights', async (key, values, more) => {
    const digests = await Promise.all(
      values.map(async (value) => (await train({ ...more, [key]: value }, 'near', false)).weights),
    );
    expect(new Set(digests).size).toBe(values.length);
  });

  it('each schedule takes its own course over five epochs, and really steps', async () => {
    const extra: Record<string, Readonly<Record<string, unknown>>> = {
      WarmupCosine: { lrWarmupEpochs: 2 },
      ReduceLROnPlateau: plateau,
      MultiStage: { stage1Epochs: 2 },
      Adaptive: { stage1Epochs: 1, stage2Epochs: 3 },
    };
    const names = ['Default', 'Exponential', 'WarmupCosine', 'CosineAnnealing', 'ReduceLROnPlateau', 'MultiStage', 'Adaptive']; // prettier-ignore
    const few = { nGroups: 1, batchSize: 1, epochs: 5 };
    const courses = new Map<string, unknown>();
    const ends = new Set<string>();
    for (const scheduler of names) {
      const trained = await train({ ...few, scheduler, ...extra[scheduler] }, 'near', true);
      courses.set(scheduler, JSON.stringify(rates(trained)));
      ends.add(trained.weights);
    }
    expect(new Set(courses.values()).size).toBe(names.length);
    expect(ends.size).toBe(names.length);
    expect(courses.get('Default')).toBe(JSON.stringify(Array(5).fill(1e-3)));
  });

  it('N = 128 and N = 256 train, with one pattern or a merged group', async () => {
    const tiny = { nGroups: 1, batchSize: 1 };
    const large = await train(tiny, 'large', false);
    const huge = await train({ ...tiny, nFiltersScale: 2, cbamEncoder: true }, 'huge', false);
    expect([large.spec.model.N, huge.spec.model.N]).toEqual([128, 256]);
    expect(huge.size).toBe(12_994_427);
    for (const { epochs } of [large, huge]) expect(epochs[0]?.trainLoss).toBeGreaterThan(0);
    await expect(train({ ...tiny, cbamEncoder: true }, 'huge', false)).rejects.toThrow(
      'model.nFiltersScale: received 1, expected at least 2 with model.N = 256',
    );
  });

  it('probe modes count: a second one changes the weights', async () => {
    const { probe } = scans.near;
    const turned = probe.re.map((value, i) => 0.5 * value * Math.cos(i / 7));
    const two = {
      modes: 2,
      re: Float32Array.from([...probe.re, ...turned]),
      im: Float32Array.from([...probe.im, ...probe.im]),
    };
    const one = await train({}, 'near', false);
    const both = await trainInProcess(base, { ...scans.near, probe: two }, null);
    expect(both.weights).not.toBe(one.weights);
  });

  it('supervised training learns the labels, alone or in groups, and missing ones are refused', async () => {
    const supervised = { modelType: 'supervised', epochs: 12, learningRate: 1e-3 };
    for (const more of [{}, { ...grouped, nGroups: 4 }]) {
      const { epochs, warnings } = await train({ ...supervised, ...more }, 'near', true);
      expect(warnings.join()).toContain('labels, so they are cut from its object');
      const losses = epochs.map(({ trainLoss }) => trainLoss);
      expect(losses.at(-1)).toBeLessThan(0.7 * (losses[0] as number));
      expect(epochs.at(-1)?.validationLoss).toBeLessThan(epochs[0]?.validationLoss as number);
    }
    await expect(
      trainInProcess({ ...base, ...supervised }, { ...scans.near, object: null }, null),
    ).rejects.toThrow('model.modelType: supervised needs labels (DATA-SUP-001)');
    await expect(
      trainInProcess({ ...base, ...supervised }, scans.near, { ...validation, object: null }),
    ).rejects.toThrow('needs labels (DATA-SUP-001)');
  });

  it('the bundle of a trainable scale holds it and comes back', async () => {
    const trained = await train(
      { intensityScaleTrainable: true, ...masked, cbamBottleneck: true },
      'near',
      false,
    );
    const bundle = await readBundle(await trained.bundle());
    expect(bundle.weights).toHaveLength(trained.size);
    expect(bundle.model).toEqual(trained.spec.model);
    expect(bundle.weights.at(-1)).not.toBe(0);
  });
});
