import { field, section } from './field.ts';
import { choice, integer, optional, severalOf, text, toggle } from './value-type.ts';

const group = 'Device and loading';
const bookkeeping = 'Checkpoints and logging';

const monitorable = [
  'val_loss',
  'train_loss',
  'poisson_val_loss',
  'poisson_train_loss',
  'mae_val_loss',
  'mae_train_loss',
] as const;
const checkpointing = { key: 'enableCheckpointing', in: [true] } as const;
const loadersOnly = { key: 'numWorkers', notIn: [0] } as const;

const disableMlflow = ['--disable_mlflow', '--disable-mlflow'];
const mlflowOnly = { key: 'loggerBackend', including: 'mlflow' } as const;

/** A list means all of them; `none` is upstream's word for none. */
function loggersNamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? null : value.join(',');
  return value === 'none' ? null : value;
}

/** Where metrics can go, in the order in which several are named. */
export const loggerNames = ['csv', 'tensorboard', 'mlflow'] as const;

const execution = {
  accelerator: field(choice(['auto', 'cpu', 'gpu', 'cuda', 'tpu', 'mps']), {
    default: 'auto',
    group,
    aliases: ['torch_accelerator'],
    flags: ['--accelerator', '--torch-accelerator'],
    help: 'Device that workers compute on; auto takes a CUDA device where there is one and the CPU elsewhere.',
    refusedValues: {
      tpu: 'TPUs are not supported; use auto, cpu, gpu or cuda',
      mps: 'Apple GPUs are not supported by the TensorFlow binding; use auto or cpu',
    },
  }),
  deterministic: field(toggle(), {
    default: true,
    group: 'Reproducibility',
    aliases: ['torch_deterministic'],
    flags: ['--deterministic', '--torch-deterministic'],
    help: 'Pin threads and kernels, so that results are equal bit by bit; turn off for speed on a GPU.',
  }),
  numerics: field(choice(['same', 'mixed']), {
    default: 'same',
    group: 'Reproducibility',
    flags: ['--numerics'],
    help: 'same: only workers whose probe gradient has the same bits; mixed: any, and the result is marked "not bitwise".',
  }),
  redundancy: field(integer({ min: 1, max: 2 }), {
    default: 1,
    group: 'Reproducibility',
    unit: 'workers',
    flags: ['--redundancy'],
    help: 'Workers that must compute the same before a result counts; 2 finds every faulty one and takes twice the work.',
  }),
  precision: field(choice(['32-true', '16-mixed', 'bf16-mixed']), {
    default: '32-true',
    group,
    help: 'Number format of the computation.',
    refusedValues: {
      '16-mixed': 'only 32-bit floats are computed with; use 32-true',
      'bf16-mixed': 'only 32-bit floats are computed with; use 32-true',
    },
  }),
  numWorkers: field(integer({ min: 0, max: 16 }), {
    default: 0,
    group,
    aliases: ['torch_num_workers'],
    flags: ['--num-workers', '--torch-num-workers'],
    help: 'Loader threads inside a worker that check what it fetched; try 1 where weights are large, 0 checks on the main thread.',
  }),
  prefetchFactor: field(optional(integer({ min: 1, max: 7 })), {
    default: null,
    group,
    unit: 'batches',
    onlyWith: loadersOnly,
    help: 'Micro-batches that a worker fetches ahead of the one at work; none means 2 with loaders and 1 without.',
  }),
  persistentWorkers: field(toggle(), {
    default: false,
    group,
    onlyWith: loadersOnly,
    help: 'Keep loader threads while they have nothing to do instead of ending them after a second.',
  }),
  enableProgressBar: field(toggle(), {
    default: false,
    commandDefault: true,
    group: bookkeeping,
    switches: { '--quiet': false, '--disable_mlflow': false, '--disable-mlflow': false },
    deprecatedFlags: {
      '--disable_mlflow': 'use --logger none and --quiet',
      '--disable-mlflow': 'use --logger none and --quiet',
    },
    forcing: disableMlflow,
    help: 'Show progress while the run is under way; --quiet hides it.',
  }),
};

/** How a training run is carried out; nothing here changes what is trained (spec configuration.md §5). */
export const trainingExecutionSection = section('execution', {
  ...execution,
  auditEverySteps: field(integer({ min: 0, max: 1_000_000 }), {
    default: 50,
    group: 'Reproducibility',
    unit: 'steps',
    flags: ['--audit-every-steps'],
    help: 'Every so many steps one part of the step is computed by a second worker as well and compared; 0 never.',
  }),
  enableCheckpointing: field(toggle(), {
    default: true,
    group: bookkeeping,
    aliases: ['torch_enable_checkpointing'],
    flags: ['--enable-checkpointing', '--torch-enable-checkpointing'],
    help: 'Write the best and the last checkpoint into checkpoints/ of the run folder, for --resume.',
  }),
  checkpointSaveTopK: field(integer({ min: -1, max: 10_000 }), {
    default: 1,
    group: bookkeeping,
    aliases: ['torch_checkpoint_save_top_k'],
    flags: ['--checkpoint-save-top-k', '--torch-checkpoint-save-top-k'],
    onlyWith: checkpointing,
    help: 'Best checkpoints kept besides the last one; -1 keeps those of all epochs, 0 none.',
  }),
  checkpointMonitorMetric: field(choice(monitorable), {
    default: 'val_loss',
    group: bookkeeping,
    aliases: ['checkpointMonitor', 'checkpoint_monitor'],
    flags: ['--checkpoint-monitor'],
    onlyWith: checkpointing,
    help: 'Loss that decides which checkpoint is best; a validation loss means that of training where there is no validation data.',
  }),
  checkpointMode: field(choice(['min', 'max']), {
    default: 'min',
    group: bookkeeping,
    onlyWith: checkpointing,
    help: 'Whether a lower or a higher loss is better.',
  }),
  loggerBackend: field(optional(severalOf(loggerNames)), {
    default: 'csv',
    group: bookkeeping,
    aliases: ['logger', 'torch_logger'],
    translate: loggersNamed,
    flags: ['--logger', '--torch-logger'],
    switches: { '--disable_mlflow': null, '--disable-mlflow': null },
    forcing: disableMlflow,
    help: 'Where metrics of steps and epochs go; several as csv,tensorboard or by giving the flag again.',
  }),
  logGradNorm: field(toggle(), {
    default: false,
    group: bookkeeping,
    help: 'Log the norm of the gradient before clipping, too.',
  }),
  gradNormLogFreq: field(integer({ min: 1, max: 1_000_000 }), {
    default: 1,
    group: bookkeeping,
    unit: 'steps',
    onlyWith: { key: 'logGradNorm', in: [true] },
    help: 'Optimiser steps from one logged gradient norm to the next.',
  }),
  experimentName: field(text('the name of an experiment'), {
    default: 'Synthetic_Runs',
    group: bookkeeping,
    onlyWith: mlflowOnly,
    help: 'MLflow experiment that the run belongs to; made if missing.',
  }),
  modelName: field(text('a name'), {
    default: 'PtychoPINNv2',
    group: bookkeeping,
    onlyWith: mlflowOnly,
    help: 'Value of the tag model_name of the MLflow run.',
  }),
  notes: field(optional(text('a text')), {
    default: null,
    group: bookkeeping,
    translate: (value) => (value === '' ? null : value),
    onlyWith: mlflowOnly,
    help: 'Description of the MLflow run.',
  }),
});

/** How a reconstruction is carried out. */
export const inferenceExecutionSection = section('execution', {
  ...execution,
  inferenceBatchSize: field(optional(integer({ min: 1, max: 65_536 })), {
    default: null,
    group,
    unit: 'groups',
    aliases: ['torch_inference_batch_size'],
    flags: ['--inference-batch-size', '--torch-inference-batch-size'],
    help: 'Groups per forward pass; none takes the batch size of training; lower it when memory runs out.',
  }),
});
