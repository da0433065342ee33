import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOf, typed } from '../factories/ports.test-support.ts';
import { registryOf } from '../fields/registry.ts';
import { commandLineLevel, runCommands, type RunCommand } from './command-line.ts';

/** What one flag is taken for: path of the field and value. */
function meaning(command: RunCommand, line: string): readonly (readonly [string, unknown])[] {
  return typed(command, line).assignments.map(({ field, value }) => [field.path, value] as const);
}

describe('spellings of the two upstream commands', () => {
  it.each([
    ['--train_data_file a.npz', 'input.trainDataFile', 'a.npz'],
    ['--train-data-file a.npz', 'input.trainDataFile', 'a.npz'],
    ['--test_data_file b.npz', 'input.testDataFile', 'b.npz'],
    ['--output_dir out', 'input.outputDir', 'out'],
    ['--max_epochs 3', 'training.epochs', 3],
    ['--nepochs 3', 'training.epochs', 3],
    ['--epochs 3', 'training.epochs', 3],
    ['--n_images 64', 'data.nGroups', 64],
    ['--n_groups 64', 'data.nGroups', 64],
    ['--n-groups 64', 'data.nGroups', 64],
    ['--gridsize 1', 'model.gridsize', 1],
    ['--batch_size 4', 'training.batchSize', 4],
    ['--batch-size 4', 'training.batchSize', 4],
    ['--learning-rate 5e-4', 'training.learningRate', 5e-4],
    ['--torch-learning-rate 5e-4', 'training.learningRate', 5e-4],
    ['--accelerator cuda', 'execution.accelerator', 'cuda'],
    ['--deterministic', 'execution.deterministic', true],
    ['--no-deterministic', 'execution.deterministic', false],
    ['--num-workers 0', 'execution.numWorkers', 0],
    ['--quiet', 'execution.enableProgressBar', false],
    ['--torch-loss-mode mae', 'loss.kind', 'mae'],
    ['--torch_loss_mode mae', 'loss.kind', 'mae'],
    ['--logger none', 'execution.loggerBackend', null],
    ['--disable-checkpointing', 'execution.enableCheckpointing', false],
    ['--checkpoint-monitor val_loss', 'execution.checkpointMonitorMetric', 'val_loss'],
    ['--early-stop-patience 5', 'training.earlyStopPatience', 5],
    ['--scheduler Exponential', 'training.scheduler', 'Exponential'],
    ['--accumulate-grad-batches 1', 'training.accumSteps', 1],
    ['--no-probe-mask', 'model.probeMask', false],
    ['--amp_activation silu', 'model.ampActivation', 'swish'],
    ['--gradient-clip-val none', 'training.gradientClipVal', null],
    ['--seed 0', 'training.seed', 0],
  ])('train %s', (line, path, value) => {
    expect(meaning('train', line)).toEqual([[path, value]]);
  });

  it.each([
    ['--model_path run', 'input.modelPath', 'run'],
    ['--test_data b.npz', 'input.testDataFile', 'b.npz'],
    ['--n_images 32', 'data.nGroups', 32],
    ['--n_images none', 'data.nGroups', null],
    ['--inference-batch-size 4', 'execution.inferenceBatchSize', 4],
    ['--patch-weighting probe', 'inference.patchWeighting', 'probe'],
    ['--no-varpro-scaling', 'inference.varproScaling', false],
  ])('infer %s', (line, path, value) => {
    expect(meaning('infer', line)).toEqual([[path, value]]);
  });

  it('--disable_mlflow stands for two flags and says so', () => {
    const { assignments, warnings } = typed('train', '--disable_mlflow');
    expect(assignments.map(({ field, value }) => [field.path, value])).toEqual([
      ['execution.enableProgressBar', false],
      ['execution.loggerBackend', null],
    ]);
    expect(warnings).toEqual(['--disable_mlflow is deprecated: use --logger none and --quiet']);
  });
});

describe('faults name the flag as typed', () => {
  it.each([
    ['--batch_size 7', '--batch_size: received 7, expected a power of two at least 1'],
    ['--batch-size 16.5', '--batch-size: received 16.5, expected a power of two'],
    ['--max_epochs three', '--max_epochs: received three, expected an integer'],
    ['--learning-rate 0', '--learning-rate: received 0, expected a number above 0'],
    ['--learning-rate 0x10', '--learning-rate: received 0x10, expected a number'],
    ['--learning-rate 1e999', '--learning-rate: received 1e999, expected a number'],
    ['--accelerator abacus', '--accelerator: received abacus, expected one of auto'],
    ['--gridsize', '--gridsize: received no value, expected an integer from 1 to 3'],
    ['--quiet please', '--quiet: received please, expected no value'],
    ['--batchsise 8', '--batchsise is not a known flag; the nearest known name is --batch_size'],
    ['--xyzzyplugh 8', '--xyzzyplugh is not a known flag; remove it'],
    ['--checkpoint-save-top-k -2', '--checkpoint-save-top-k: received -2, expected an integer at least -1'],
    [
      '--inference-batch-size 4',
      '--inference-batch-size: execution.inferenceBatchSize has no effect in training',
    ],
  ])('%s', (line, message) => {
    // `-1` is a value, not a flag, so the words are paired by hand here.
    const [flag = '', text] = line.split(' ');
    const raw = text === undefined ? { flag } : { flag, text };
    expect(faultOf(() => commandLineLevel('train', [raw])).message).toContain(message);
  });

  it('refuses what the bundle decides in a reconstruction', () => {
    expect(faultOf(() => typed('infer', '--gridsize 2')).message).toBe(
      '--gridsize: model.gridsize has no effect in inference: the weight bundle decides it, so leave it out',
    );
  });
});

describe('one field, one value', () => {
  it('refuses two spellings that disagree and names both', () => {
    const fault = faultOf(() => typed('train', '--batch_size 8 --batch-size 16'));
    expect(fault.message).toBe(
      '--batch_size says 8 and --batch-size says 16 for training.batchSize; give only one of them',
    );
    expect(faultOf(() => typed('train', '--n_images 8 --n-groups 9')).message).toContain('data.nGroups');
    expect(faultOf(() => typed('train', '--quiet --enable-progress-bar')).message).toContain(
      '--quiet says false',
    );
  });

  it('takes two spellings that agree', () => {
    expect(meaning('train', '--batch_size 8 --batch-size 8')).toEqual([['training.batchSize', 8]]);
  });
});

describe('hostile input', () => {
  it('any text after any flag ends in an assignment or a Fault', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double().map(String),
      fc.constantFrom('none', '-0', '1e5'),
    );
    for (const command of Object.keys(runCommands) as RunCommand[]) {
      const flags = [...registryOf(runCommands[command]).flags.keys()];
      fc.assert(
        fc.property(fc.constantFrom(...flags), fc.option(text, { nil: undefined }), (flag, value) => {
          const raw = value === undefined ? { flag } : { flag, text: value };
          try {
            for (const { field, value: taken } of commandLineLevel(command, [raw]).assignments) {
              expect(field.section === 'foreign' || field.type.schema.safeParse(taken).success).toBe(true);
              expect(Object.is(taken, -0)).toBe(false);
            }
          } catch (error) {
            expect((error as Error).name).toBe('Fault');
            expect((error as Error).message).not.toContain('\n');
          }
        }),
        { numRuns: 2000 },
      );
    }
  });

  it('unknown flags end in a Fault', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(faultOf(() => commandLineLevel('train', [{ flag: `--?${name}` }])).kind).toBe('invalid-input');
      }),
    );
  });
});
