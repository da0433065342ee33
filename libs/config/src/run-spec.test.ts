import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createInferencePayload } from './factories/inference.ts';
import { faultOf, portsWith } from './factories/ports.test-support.ts';
import { createTrainingPayload } from './factories/training.ts';
import {
  parseInferenceRunSpec,
  parseRunSpec,
  parseTrainingRunSpec,
  runSpecDigest,
  runSpecJsonSchema,
  runSpecText,
  type TrainingRunSpec,
} from './run-spec.ts';

const trainingSpec = (overrides: Record<string, unknown> = {}): TrainingRunSpec =>
  createTrainingPayload({ trainDataFile: 'scan.npz', overrides: { nGroups: 64, ...overrides } }, portsWith())
    .spec;

const inferenceSpec = (overrides: Record<string, unknown> = {}) =>
  createInferencePayload({ modelPath: 'run', testDataFile: 'scan.npz', overrides }, portsWith()).spec;

/** A mutable copy, to be spoiled. */
const copyOf = (spec: object) => JSON.parse(JSON.stringify(spec)) as Record<string, Record<string, unknown>>;

describe('parseRunSpec', () => {
  it('is deeply frozen', () => {
    const spec = trainingSpec() as unknown as Record<string, Record<string, unknown>>;
    expect(() => (spec['training']!['seed'] = 1)).toThrow(TypeError);
    expect(() => (spec['kind'] = {})).toThrow(TypeError);
  });

  it('names the nearest known key for an unknown one, at both levels', () => {
    const inner = copyOf(trainingSpec());
    inner['training']!['batchsize'] = 16;
    expect(faultOf(() => parseRunSpec(inner)).message).toBe(
      'training.batchsize is not a known key of a training run; the nearest known key is training.batchSize',
    );
    const outer = copyOf(trainingSpec());
    outer['modell'] = {};
    expect(faultOf(() => parseRunSpec(outer)).message).toContain('the nearest known key is model');
  });

  it('asks for every key', () => {
    const spec = copyOf(trainingSpec());
    delete spec['data']!['nGroups'];
    const fault = faultOf(() => parseRunSpec(spec));
    expect(fault.details).toMatchObject({ field: 'data.nGroups' });
    expect(fault.message).toContain('data.nGroups: received undefined, expected an integer');
  });

  it.each([
    ['training', 'batchSize', 24, 'a power of two'],
    ['training', 'learningRate', 0, 'above 0'],
    ['model', 'N', 96, 'one of 64, 128, 256'],
    ['data', 'nphotons', Number.POSITIVE_INFINITY, 'a number'],
    ['execution', 'accelerator', 'abacus', 'one of auto'],
  ])('refuses %s.%s = %s', (section, key, value, expected) => {
    const spec = copyOf(trainingSpec());
    spec[section]![key] = value;
    const { message, kind } = faultOf(() => parseRunSpec(spec));
    expect(kind).toBe('invalid-input');
    expect(message).toContain(`${section}.${key}: received`);
    expect(message).toContain(expected);
  });

  it.each([
    ['model', 'architecture', 'fno', 'the supported architectures are: cnn'],
    ['execution', 'accelerator', 'tpu', 'TPUs are not supported'],
  ])('refuses the unavailable %s.%s = %s with its reason', (section, key, value, reason) => {
    const spec = copyOf(trainingSpec());
    spec[section]![key] = value;
    const { message, kind } = faultOf(() => parseRunSpec(spec));
    expect(kind).toBe('unsupported');
    expect(message).toContain(reason);
  });

  it.each([
    [{ gridsize: 2, neighborCount: 3 }, 'data.neighborCount: received 3, expected at least gridsize² = 4'],
    [{ batchSize: 4, virtualShards: 8 }, 'training.virtualShards: received 8, expected at most'],
    [{ scheduler: 'WarmupCosine', epochs: 3, lrWarmupEpochs: 4 }, 'training.lrWarmupEpochs: received 4'],
    [{ scheduler: 'MultiStage' }, 'training.stage1Epochs: received 0, expected at least 1'],
    [{ gridsize: 2, enableOversampling: true, neighborPoolSize: 3 }, 'data.neighborPoolSize: received 3'],
    [{ momentum: 0.5 }, 'training.momentum: 0.5 has no effect while training.optimizer is adam'],
    [{ plateauFactor: 0.1 }, 'set training.scheduler to ReduceLROnPlateau or leave plateauFactor out'],
    [{ gradientClipAlgorithm: 'agc' }, 'has no effect while training.gradientClipVal is none'],
    [{ neighborPoolSize: 8 }, 'has no effect while data.enableOversampling is false'],
    [
      { probeNormalization: 'none', targetAmplitude: 0.1 },
      'has no effect while data.probeNormalization is none',
    ],
    [
      { N: 256, nFiltersScale: 1 },
      'model.nFiltersScale: received 1, expected at least 2 with model.N = 256 and model.cbamEncoder = true',
    ],
    [{ probeScale: 2 }, 'model.probeScale: 2 has no effect while data.probeNormalization is target'],
    [{ amplitudePhysicsGain: 2 }, 'set data.probeNormalization to none or leave amplitudePhysicsGain out'],
    [{ ampActivation: 'sigmoid', targetAmplitude: 1 }, 'data.targetAmplitude: received 1, expected below 1'],
    [{ probeMaskSigma: 2 }, 'has no effect while model.probeMask is false'],
    [
      { probeMask: true, probeMaskDiameter: 65 },
      'model.probeMaskDiameter: received 65, expected at most model.N = 64',
    ],
    [{ objectBig: false, trainingPatchWeighting: 'probe' }, 'has no effect while model.objectBig is false'],
    [{ maxNeighborDistance: 5 }, 'model.maxNeighborDistance: 5 has no effect while model.gridsize is 1'],
    [{ nllWeight: 0 }, 'loss.nllWeight: received 0, expected above 0 where loss.maeWeight is 0'],
    [{ torchLossMode: 'mae', maeWeight: 1 }, 'loss.maeWeight: 1 has no effect while loss.kind is mae'],
    [
      { maePredL2MatchTarget: true },
      'loss.maePredL2MatchTarget: true has no effect while loss.maeWeight is 0',
    ],
    [{ tvWeight: 1 }, 'loss.tvWeight: 1 has no effect while loss.realspaceWeight is 0'],
    [{ realspaceWeight: 1 }, 'loss.realspaceWeight: received 1, expected 0 while loss.realspaceMaeWeight'],
    [
      { modelType: 'supervised', torchLossMode: 'poisson' },
      'loss.kind: received poisson, expected mae with model.modelType = supervised',
    ],
    [
      { modelType: 'supervised', probeMask: true },
      'model.probeMask: true has no effect while model.modelType is supervised',
    ],
    [
      { modelType: 'supervised', realspaceWeight: 1, tvWeight: 1 },
      'loss.realspaceWeight: 1 has no effect while model.modelType is supervised',
    ],
  ])('keeps the rule that %o breaks', (overrides, message) => {
    expect(faultOf(() => trainingSpec(overrides)).message).toContain(message);
  });

  it.each([
    [{ stitchCrop: 66 }, 'inference.stitchCrop: received 66, expected at most the pattern side data.N = 64'],
    [{ stitchCrop: 21 }, 'inference.stitchCrop: received 21, expected an even number'],
    [{ middleTrim: 16 }, 'inference.middleTrim: 16 has no effect while inference.patchWeighting is uniform'],
    [{ patchWeighting: 'probe', stitchCrop: 16 }, 'set inference.patchWeighting to uniform'],
  ])('keeps the inference rule that %o breaks', (overrides, message) => {
    expect(faultOf(() => inferenceSpec(overrides)).message).toContain(message);
  });

  it('keeps the two kinds apart', () => {
    expect(faultOf(() => parseTrainingRunSpec(inferenceSpec())).message).toBe(
      'kind: received inference, expected training',
    );
    expect(faultOf(() => parseInferenceRunSpec(trainingSpec())).message).toBe(
      'kind: received training, expected inference',
    );
    expect(faultOf(() => parseRunSpec({ kind: 'dance' })).message).toBe(
      'kind: received dance, expected training or inference',
    );
  });

  it('throws nothing but Fault, whatever it is given', () => {
    const spec = trainingSpec();
    const paths = Object.entries(spec).flatMap(([section, part]) =>
      typeof part === 'object' ? Object.keys(part).map((key) => [section, key] as const) : [],
    );
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.anything({ withBigInt: true }), ([section, key], value) => {
        const spoiled = copyOf(spec);
        spoiled[section]![key] = value;
        try {
          expect(runSpecText(parseRunSpec(spoiled))).toBeTypeOf('string');
        } catch (error) {
          expect((error as Error).name).toBe('Fault');
        }
      }),
    );
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), (value) => {
        expect(faultOf(() => parseRunSpec(value)).kind).toBe('invalid-input');
      }),
    );
  });
});

describe('canonical text', () => {
  /** Puts beside a drawn value what it needs to have an effect, or to be possible at all. */
  const completed = (drawn: Record<string, unknown>): Record<string, unknown> => ({
    ...drawn,
    ...('probeScale' in drawn && { probeNormalization: 'none' }),
    ...(drawn['N'] === 256 && drawn['nFiltersScale'] === 1 && { cbamEncoder: false }),
  });
  const drawnTraining = fc.record(
    {
      gridsize: fc.constantFrom(1, 2),
      N: fc.constantFrom(64, 128, 256),
      nFiltersScale: fc.integer({ min: 1, max: 8 }),
      ampActivation: fc.constantFrom('silu', 'swish', 'sigmoid', 'softplus', 'relu'),
      objectBig: fc.boolean(),
      probeScale: fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
      torchLossMode: fc.constantFrom('poisson', 'mae'),
      nGroups: fc.integer({ min: 1, max: 1000 }),
      nphotons: fc.double({ min: 1, max: 1e12, noNaN: true }),
      batchSize: fc.integer({ min: 0, max: 10 }).map((n) => 2 ** n),
      learningRate: fc.double({ min: 1e-12, max: 10, noNaN: true }),
      weightDecay: fc.constantFrom(0, -0, 1e-4),
      seed: fc.maxSafeNat(),
      subsampleSeed: fc.option(fc.maxSafeNat()),
    },
    { requiredKeys: ['nGroups'] },
  );
  const anyTraining = drawnTraining.map(completed);

  it('resolve → text → parse → resolve is the identity', () => {
    fc.assert(
      fc.property(anyTraining, (overrides) => {
        const first = trainingSpec(overrides);
        const text = runSpecText(first);
        const parsed = parseTrainingRunSpec(JSON.parse(text));
        expect(parsed).toStrictEqual(first);
        const { schemaVersion, kind, ...sections } = parsed;
        const again = createTrainingPayload(
          { trainDataFile: 'scan.npz', overrides: sections },
          portsWith(),
        ).spec;
        expect({ schemaVersion, kind }).toEqual({ schemaVersion: again.schemaVersion, kind: again.kind });
        expect(runSpecText(again)).toBe(text);
        expect(runSpecDigest(again)).toBe(runSpecDigest(first));
      }),
    );
  });

  it('does so for reconstructions, too', () => {
    const first = inferenceSpec({
      patchWeighting: 'probe',
      middleTrim: 24,
      inferenceBatchSize: 4,
      nGroups: 32,
    });
    const { data, inference, execution } = parseInferenceRunSpec(JSON.parse(runSpecText(first)));
    expect(inferenceSpec({ data, inference, execution })).toStrictEqual(first);
  });

  it('does not depend on the order of keys', () => {
    const spec = trainingSpec();
    const turned = Object.fromEntries(
      Object.entries(spec)
        .reverse()
        .map(([key, part]) => [
          key,
          typeof part === 'object' ? Object.fromEntries(Object.entries(part).reverse()) : part,
        ]),
    );
    expect(runSpecText(parseRunSpec(turned))).toBe(runSpecText(spec));
  });

  it('tells specifications apart', () => {
    expect(runSpecDigest(trainingSpec({ seed: 0 }))).not.toBe(runSpecDigest(trainingSpec({ seed: 1 })));
    expect(runSpecDigest(trainingSpec({ seed: 0 }))).not.toBe(runSpecDigest(trainingSpec({})));
  });
});

describe('runSpecJsonSchema', () => {
  it('lists exactly the keys that a specification has, with their help', () => {
    const schema = runSpecJsonSchema('training') as unknown as {
      properties: Record<
        string,
        { properties?: Record<string, { description?: string }>; additionalProperties?: boolean }
      >;
    };
    for (const [name, part] of Object.entries(trainingSpec())) {
      if (typeof part !== 'object') continue;
      const section = schema.properties[name];
      expect(Object.keys(section?.properties ?? {}).sort()).toEqual(Object.keys(part).sort());
      expect(section?.additionalProperties).toBe(false);
      for (const property of Object.values(section?.properties ?? {}))
        expect(property.description).toMatch(/\.|\]$/);
    }
  });
});
