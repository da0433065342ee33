import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOf, typed } from '../factories/ports.test-support.ts';
import { limits } from '../limits.ts';
import { configFileLevel, configFileOf } from './config-file.ts';
import { environmentLevel } from './environment.ts';

function read(text: string, kind: 'training' | 'inference' = 'training'): Record<string, unknown> {
  const { assignments } = configFileLevel(kind, text, 'run.yaml');
  return Object.fromEntries(assignments.map(({ field, value }) => [field.path, value]));
}

describe('forms of a file', () => {
  const expected = { 'model.gridsize': 2, 'training.batchSize': 8, 'loss.kind': 'mae', 'data.nGroups': 64 };

  it.each([
    ['flat snake_case', 'gridsize: 2\nbatch_size: 8\ntorch_loss_mode: mae\nn_groups: 64'],
    ['flat camelCase', 'gridsize: 2\nbatchSize: 8\ntorchLossMode: mae\nnGroups: 64'],
    ['sections', 'model: {gridsize: 2}\ntraining: {batch_size: 8}\nloss: {kind: mae}\ndata: {nGroups: 64}'],
    [
      'a model section beside flat keys',
      'model:\n  gridsize: 2\nbatch_size: 8\ntorch_loss_mode: mae\nn_images: 64',
    ],
    ['JSON', '{"gridsize":2,"batch_size":8,"torch_loss_mode":"mae","n_groups":64}'],
    [
      'indented JSON',
      '{\n\t"model": {\n\t\t"gridsize": 2\n\t},\n\t"batch_size": 8, "torch_loss_mode": "mae", "n_groups": 64\n}',
    ],
  ])('%s', (_, text) => {
    expect(read(text)).toEqual(expected);
  });

  it('an empty file says nothing', () => {
    expect(read('')).toEqual({});
    expect(read('# nothing yet\n')).toEqual({});
  });

  it("takes upstream's words and values", () => {
    expect(read('K: 7\nmax_epochs: 2\ngrid_size: [2, 2]\nmode: Unsupervised\namp_activation: SiLU')).toEqual({
      'data.neighborCount': 7,
      'training.epochs': 2,
      'model.gridsize': 2,
      'model.modelType': 'pinn',
      'model.ampActivation': 'swish',
    });
  });

  it('passes over the other kind of run, so that one file serves both commands', () => {
    const text = 'training: {epochs: 3}\ninference: {stitchCrop: 16}\ndata: {neighborCount: 5}';
    expect(read(text)).toEqual({ 'training.epochs': 3, 'data.neighborCount': 5 });
    expect(read(text, 'inference')).toEqual({ 'inference.stitchCrop': 16, 'data.neighborCount': 5 });
  });
});

describe('values as texts', () => {
  it.each([
    ['nphotons: 1e9', { 'data.nphotons': 1e9 }],
    ['nphotons: "1e9"', { 'data.nphotons': 1e9 }],
    ['%YAML 1.1\n---\nnphotons: 1e9', { 'data.nphotons': 1e9 }],
    ['learning_rate: "5e-4"', { 'training.learningRate': 5e-4 }],
    ['deterministic: no', { 'execution.deterministic': false }],
    ['deterministic: "False"', { 'execution.deterministic': false }],
    ['gradient_clip_val: null', { 'training.gradientClipVal': null }],
    ['gradient_clip_val: ~', { 'training.gradientClipVal': null }],
    ['logger: none', { 'execution.loggerBackend': null }],
    ['seed: 0', { 'training.seed': 0 }],
    ['output_dir: "007"', { 'input.outputDir': '007' }],
  ])('%s', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });
});

describe('refusals name file and key', () => {
  it.each([
    ['batch_size: 8\nbatch_size: 16', 'run.yaml: is not readable: Map keys must be unique'],
    ['{"seed": 1, "seed": 1}', 'run.yaml: is not readable: Map keys must be unique'],
    ['batch_size: 8\nbatchSize: 16', 'batch_size in run.yaml says 8 and batchSize in run.yaml says 16'],
    ['n_images: 8\nn_groups: 16', 'n_images in run.yaml says 8 and n_groups in run.yaml says 16'],
    ['epochs: 8\ntraining: {epochs: 9}', 'epochs in run.yaml says 8 and training.epochs in run.yaml says 9'],
    ['bacth_size: 8', 'run.yaml: bacth_size is not a known field; the nearest known name is batchSize'],
    ['model: {n_filter_scale: 8}', 'the nearest known name is model.nFiltersScale'],
    [
      'model: {batch_size: 8}',
      'run.yaml: model.batch_size is not a known field; the nearest known name is training.batchSize',
    ],
    ['batch_size: 7', 'batch_size in run.yaml: received 7, expected a power of two'],
    ['learning_rate: .nan', 'learning_rate in run.yaml: received NaN'],
    ['learning_rate: .inf', 'learning_rate in run.yaml: received Infinity'],
    [
      'grid_size: [1, 2]',
      'grid_size in run.yaml: received [1,2], expected an integer from 1 to 3 or a square pair',
    ],
    ['fno_modes: 24', 'fno_modes in run.yaml: 24 is not available: Fourier'],
    ['model: {fno_modes: 24}', 'model.fno_modes in run.yaml: 24 is not available: Fourier'],
    ['- 1', 'run.yaml: expected a mapping'],
    ['just words', 'run.yaml: expected a mapping'],
    ['1: 2', 'run.yaml has the key 1, but keys have to be texts'],
    ['seed: !!js/function "x"', 'run.yaml: is not readable: Unresolved tag'],
    ['seed: [', 'run.yaml: is not readable'],
    ['__proto__: {seed: 1}', '__proto__ is not a known field'],
    ['config: other.yaml', 'a configuration file names no other'],
    [
      'a: &a [1]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]',
      'run.yaml: is not readable: Excessive alias count',
    ],
  ])('%s', (text, message) => {
    const fault = faultOf(() => read(text));
    expect(fault.message).toContain(message);
    expect(fault.message).not.toContain('\n');
  });

  it('bounds the length', () => {
    expect(faultOf(() => read('#'.repeat(limits.configFileCharsMax + 1))).message).toContain(
      'shorten the file',
    );
  });

  it('throws nothing but Fault', () => {
    const value = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.double().map(String));
    const key = fc.constantFrom(
      'seed',
      'model',
      'training.epochs',
      'batch_size',
      'logger',
      'train_data_file',
      '? [a]',
      '<<',
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value)), fc.string({ unit: 'binary' }), (entries, tail) => {
        try {
          configFileLevel(
            'training',
            `${entries.map(([k, v]) => `${k}: ${v}\n`).join('')}${tail}`,
            'run.yaml',
          );
        } catch (error) {
          expect((error as Error).name).toBe('Fault');
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('configFileOf', () => {
  it('the command line wins over the environment', () => {
    const environment = environmentLevel('training', { PTYCHOFLEET_CONFIG: 'b.yaml' });
    expect(configFileOf(typed('train', '--config a.yaml'), environment)).toBe('a.yaml');
    expect(configFileOf(typed('train', ''), environment)).toBe('b.yaml');
    expect(configFileOf(typed('train', ''), environmentLevel('training', {}))).toBeNull();
  });
});
