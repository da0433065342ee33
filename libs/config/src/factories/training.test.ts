import { Fault } from '@ptychofleet/base';
import { describe, expect, it } from 'vitest';
import { configFileLevel } from '../levels/config-file.ts';
import { environmentLevel } from '../levels/environment.ts';
import { faultOf, portsWith, typed } from './ports.test-support.ts';
import { createTrainingPayload, type TrainingPayloadRequest } from './training.ts';

const library = (
  overrides: Record<string, unknown>,
  header = {},
  more: Partial<TrainingPayloadRequest> = {},
) =>
  createTrainingPayload(
    { trainDataFile: 'scan.npz', overrides: { nGroups: 64, ...overrides }, ...more },
    portsWith(header),
  );
const command = (line: string, header = {}) =>
  createTrainingPayload(
    { commandLine: typed('train', `--train_data_file scan.npz ${line}`) },
    portsWith(header),
  );

describe('files', () => {
  it('come from arguments, flags, a configuration file or the environment, and stay out of the specification', () => {
    const argument = createTrainingPayload(
      { trainDataFile: 'a.npz', overrides: { nGroups: 8 } },
      portsWith(),
    );
    const flag = command('--test_data_file b.npz --output_dir out');
    const file = createTrainingPayload(
      { file: configFileLevel('training', 'train_data_file: c.npz\nn_groups: 8', 'run.yaml') },
      portsWith(),
    );
    const variable = createTrainingPayload(
      {
        environment: environmentLevel('training', {
          PTYCHOFLEET_TRAIN_DATA_FILE: 'd.npz',
          PTYCHOFLEET_N_GROUPS: '8',
        }),
      },
      portsWith(),
    );
    expect(argument.inputs).toEqual({
      trainDataFile: 'a.npz',
      testDataFile: null,
      outputDir: 'training_outputs',
      mlflowTrackingUri: null,
    });
    expect(flag.inputs).toMatchObject({ trainDataFile: 'scan.npz', testDataFile: 'b.npz', outputDir: 'out' });
    expect([file.inputs.trainDataFile, variable.inputs.trainDataFile]).toEqual(['c.npz', 'd.npz']);
    expect(file.spec).toStrictEqual(argument.spec);
    expect(variable.spec).toStrictEqual(argument.spec);
  });

  it("are missed in upstream's words", () => {
    const missing = portsWith({}, ['gone.npz']);
    const train = faultOf(() => createTrainingPayload({ trainDataFile: 'gone.npz' }, missing));
    expect([train.kind, train.message]).toEqual([
      'not-found',
      'Training data file not found: gone.npz (from trainDataFile in overrides); check the path',
    ]);
    const test = faultOf(() =>
      createTrainingPayload(
        { trainDataFile: 'a.npz', commandLine: typed('train', '--test_data_file gone.npz') },
        missing,
      ),
    );
    expect(test.message).toBe('Test data file not found: gone.npz (from --test_data_file); check the path');
    expect(faultOf(() => createTrainingPayload({}, missing)).message).toContain('give --train_data_file');
  });

  it('are not opened before everything that can be checked without them is', () => {
    const ports = {
      files: { exists: () => true },
      headers: {
        read: (): never => {
          throw new Fault('data-loss', 'scan.npz: opened');
        },
      },
    };
    const message = (request: TrainingPayloadRequest) =>
      faultOf(() => createTrainingPayload({ trainDataFile: 'scan.npz', ...request }, ports)).message;
    expect(message({ overrides: { nGroups: 8, bacthSize: 8 } })).toContain('bacthSize is not a known field');
    expect(message({ overrides: { nGroups: 8 }, profile: 'ci' })).toContain('profile ci is not available');
    expect(message({ overrides: {} })).toContain('n_groups is required');
    expect(message({ overrides: { nGroups: 8 } })).toBe('scan.npz: opened');
  });
});

describe('what a caller has to say', () => {
  it('nGroups, unless a command asks', () => {
    expect(
      faultOf(() => createTrainingPayload({ trainDataFile: 'scan.npz' }, portsWith())).message,
    ).toContain('n_groups is required');
    expect(command('').spec.data.nGroups).toBe(512);
  });

  it('an unknown profile is refused with the supported ones', () => {
    expect(faultOf(() => library({}, {}, { profile: 'turbo' })).message).toBe(
      'profile in overrides: received turbo, expected default or upstream',
    );
    expect(faultOf(() => library({}, {}, { profile: '__proto__' })).message).toContain('received __proto__');
  });

  it('the scale contract comes as a pair', () => {
    expect(faultOf(() => command('--scale-contract-version legacy_v1')).message).toContain('together');
    expect(faultOf(() => command('--measurement-domain count_intensity')).message).toContain(
      'count-intensity',
    );
    const { spec } = command('--scale-contract-version legacy_v1 --measurement-domain normalized_amplitude');
    expect(spec).toStrictEqual(command('').spec);
  });

  it('an argument and an override that disagree are both named', () => {
    const request = { trainDataFile: 'a.npz', overrides: { nGroups: 8, trainDataFile: 'b.npz' } };
    expect(faultOf(() => createTrainingPayload(request, portsWith())).message).toContain('says b.npz and');
  });
});

describe('inference from the file and from other fields', () => {
  it.each([64, 128, 256] as const)('N = %i from the probe', (N) => {
    expect(library({}, { N }).spec.model.N).toBe(N);
  });

  it('a probe of another side is refused by the name of the file', () => {
    expect(faultOf(() => library({}, { N: 96 })).message).toBe(
      'probe of scan.npz: received 96, expected one of 64, 128, 256',
    );
  });

  it('photons: override, else metadata, else 1e9', () => {
    expect(library({ nphotons: 1e6 }, { nphotons: 5e8 }).spec.data.nphotons).toBe(1e6);
    expect(library({}, { nphotons: 5e8 }).spec.data.nphotons).toBe(5e8);
    expect(library({}).spec.data.nphotons).toBe(1e9);
  });

  it('a command merges patches only where groups have more than one', () => {
    expect(command('--gridsize 1').spec.model.objectBig).toBe(false);
    expect(command('--gridsize 2').spec.model.objectBig).toBe(true);
    expect(command('--gridsize 2 --no-object-big').spec.model.objectBig).toBe(false);
  });

  it('a profile that states the canvas of merged groups says nothing where none are merged', () => {
    const distance = (overrides: Record<string, unknown>) =>
      library(overrides, { hasLabels: true }, { profile: 'upstream' }).spec.model.maxNeighborDistance;
    expect(distance({ gridsize: 2 })).toBe(3);
    expect(distance({ gridsize: 1 })).toBeNull();
    expect(distance({ gridsize: 2, objectBig: false })).toBeNull();
    expect(distance({ gridsize: 2, modelType: 'supervised' })).toBeNull();
    expect(command('--gridsize 1 --profile upstream').spec.model.maxNeighborDistance).toBeNull();
    expect(command('--gridsize 2 --profile upstream').spec.model.maxNeighborDistance).toBe(3);
  });

  it('virtual shards follow a small batch, and leave a trail', () => {
    const { spec, overridesApplied } = library({ batchSize: 2 });
    expect(spec.training.virtualShards).toBe(2);
    expect(overridesApplied).toContainEqual({
      field: 'training.virtualShards',
      level: 'inferred',
      source: 'batchSize 2',
      oldValue: 4,
      newValue: 2,
    });
    expect(library({ batchSize: 16, profile: 'upstream' }).spec.training.virtualShards).toBe(8);
    expect(library({ batchSize: 8, virtualShards: 2 }).spec.training.virtualShards).toBe(2);
    expect(faultOf(() => library({ batchSize: 2, virtualShards: 4 })).message).toContain(
      'at most training.batchSize = 2',
    );
  });

  it('neighbours follow the grid', () => {
    expect(library({ gridsize: 2 }).spec.data.neighborCount).toBe(6);
    expect(library({ gridsize: 3 }).spec.data.neighborCount).toBe(9);
  });

  it('the learning rate follows the width where the steady start is chosen', () => {
    expect(library({ nFiltersScale: 1 }).spec.training.learningRate).toBe(2.4e-4);
    expect(library({ nFiltersScale: 2 }).spec.training.learningRate).toBe(1.2e-4);
    expect(library({ nFiltersScale: 2, batchSize: 16 }).spec.training.learningRate).toBe(2.4e-4);
    expect(library({ learningRate: 3e-3 }).spec.training.learningRate).toBe(3e-3);
    expect(library({ profile: 'upstream' }).spec.training.learningRate).toBe(1e-3);
  });

  it('the target amplitude acts only where the probe is scaled to it', () => {
    expect(library({}).spec.data.targetAmplitude).toBe(1);
    expect(library({ ampActivation: 'sigmoid', targetAmplitude: 0.3 }).spec.data.targetAmplitude).toBe(0.3);
    expect(library({ ampActivation: 'sigmoid', probeNormalization: 'none' }).spec.data.targetAmplitude).toBe(
      0.05,
    );
  });

  it('supervised training compares with labels, which the file has to have', () => {
    const supervised = { modelType: 'supervised' };
    expect(library(supervised, { hasLabels: true }).spec.loss.kind).toBe('mae');
    // Nobody has looked: the coordinator will.
    expect(library(supervised).spec.loss.kind).toBe('mae');
    expect(faultOf(() => library(supervised, { hasLabels: false })).message).toBe(
      'model.modelType: supervised needs labels (DATA-SUP-001), but scan.npz has none; add label_amp and label_phase, label, Y or objectGuess to it or use pinn',
    );
    const compared = { realspaceWeight: 1, realspaceMaeWeight: 2 };
    expect(faultOf(() => library(compared, { hasLabels: false })).message).toContain(
      'loss.realspaceMaeWeight: 2 needs labels',
    );
    expect(library({ realspaceWeight: 1, tvWeight: 2 }, { hasLabels: false }).spec.loss.tvWeight).toBe(2);
  });

  it('an architecture that is not there is answered with those that are, known or not', () => {
    expect(faultOf(() => library({ architecture: 'fno' })).message).toContain(
      'fno is not available: the supported architectures are: cnn',
    );
    expect(faultOf(() => library({ architecture: 'transformer' })).message).toContain(
      'received transformer, expected one of the supported architectures: cnn',
    );
  });

  it('seed 0 stays 0', () => {
    expect(command('--seed 0').spec.training.seed).toBe(0);
    expect(command('--subsample-seed 0').spec.data.subsampleSeed).toBe(0);
  });
});

describe('the specification against the file', () => {
  it("a command's default groups fit a small scan; stated ones have to", () => {
    const { spec, overridesApplied } = command('--gridsize 2', { n: 100 });
    expect(spec.data.nGroups).toBe(100);
    expect(
      overridesApplied.find(({ field, level }) => field === 'data.nGroups' && level === 'inferred'),
    ).toMatchObject({
      source: '100 patterns of scan.npz',
      oldValue: 512,
    });
    expect(faultOf(() => command('--gridsize 2 --n_images 101', { n: 100 })).message).toBe(
      'data.nGroups: received 101 (--n_images), expected at most the 100 patterns of scan.npz; lower it or set --enable-oversampling',
    );
    expect(command('--gridsize 2 --n_images 101 --enable-oversampling', { n: 100 }).spec.data.nGroups).toBe(
      101,
    );
  });

  it('single patterns cannot be drawn more often than they are there, which is only a warning', () => {
    const { warnings } = command('--gridsize 1 --n_images 200', { n: 100 });
    expect(warnings.join()).toContain('nGroups is 200, but scan.npz has 100 patterns');
  });

  it('a subsample counts as the number of patterns', () => {
    expect(faultOf(() => command('--n_images 64 --n-subsample 32')).message).toContain(
      'at most the 32 patterns',
    );
    expect(command('--n_images 64 --n-subsample 100').warnings.join()).toContain(
      'nSubsample 100 is less than',
    );
  });

  it('a group needs as many patterns as it has members', () => {
    expect(faultOf(() => command('--gridsize 2', { n: 3 })).message).toContain('use --gridsize 1');
  });

  it('what follows the validation loss needs validation data', () => {
    expect(faultOf(() => command('--early-stop-patience 5')).message).toContain(
      'training.earlyStopPatience: 5',
    );
    expect(faultOf(() => command('--scheduler ReduceLROnPlateau')).message).toContain(
      'give --test_data_file',
    );
    const withData = command(
      '--early-stop-patience 5 --scheduler ReduceLROnPlateau --test_data_file test.npz',
    );
    expect(withData.spec.training.earlyStopPatience).toBe(5);
  });
});

describe('accelerator', () => {
  it('is settled where the device is known, and left to the workers where it is not', () => {
    const ports = portsWith();
    const request = { commandLine: typed('train', '--train_data_file scan.npz') };
    expect(createTrainingPayload(request, ports).spec.execution.accelerator).toBe('auto');
    expect(createTrainingPayload(request, { ...ports, hasCuda: () => true }).spec.execution.accelerator).toBe(
      'cuda',
    );
    const fallback = createTrainingPayload(request, { ...ports, hasCuda: () => false });
    expect(fallback.spec.execution.accelerator).toBe('cpu');
    expect(fallback.warnings.join()).toMatch(/POLICY-001.*No CUDA device detected/);
    expect(fallback.overridesApplied.at(-1)).toEqual({
      field: 'execution.accelerator',
      level: 'inferred',
      source: 'device detection',
      oldValue: 'auto',
      newValue: 'cpu',
    });
  });

  it('takes the deprecated --device while --accelerator is auto', () => {
    const { spec, warnings, overridesApplied } = command('--device cuda');
    expect(spec.execution.accelerator).toBe('gpu');
    expect(warnings).toEqual(['--device is deprecated: use --accelerator']);
    expect(overridesApplied.at(-1)).toMatchObject({ field: 'execution.accelerator', source: '--device' });
  });
});

it('does not touch what it was given', () => {
  const overrides = Object.freeze({ n_images: 64, max_epochs: 3, model: Object.freeze({ gridsize: 2 }) });
  const executionConfig = Object.freeze({ learning_rate: 2e-4 });
  const { spec } = createTrainingPayload(
    { trainDataFile: 'scan.npz', overrides, executionConfig },
    portsWith(),
  );
  expect([spec.data.nGroups, spec.training.epochs, spec.training.learningRate]).toEqual([64, 3, 2e-4]);
  expect(overrides).toEqual({ n_images: 64, max_epochs: 3, model: { gridsize: 2 } });
});
