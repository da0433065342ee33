import { field, section } from './field.ts';
import { choice, integer, optional, real } from './value-type.ts';

const group = 'Optimisation';
const seedMax = Number.MAX_SAFE_INTEGER;
const adamOnly = { key: 'optimizer', in: ['adam', 'adamw'] } as const;
const cosineOnly = { key: 'scheduler', in: ['WarmupCosine', 'CosineAnnealing'] } as const;
const plateauOnly = { key: 'scheduler', in: ['ReduceLROnPlateau'] } as const;
const stagesOnly = { key: 'scheduler', in: ['MultiStage', 'Adaptive'] } as const;

/** The training loop: batches, optimiser, learning-rate schedule, stopping, and what fixes its bits (spec training.md §6–8). */
export const trainingSection = section('training', {
  epochs: field(integer({ min: 1, max: 1_000_000 }), {
    default: 50,
    commandDefault: 100,
    group,
    aliases: ['max_epochs', 'maxEpochs', 'nepochs'],
    flags: ['--max_epochs', '--max-epochs', '--epochs', '--nepochs'],
    help: 'Passes over all groups; early stopping may end training before.',
  }),
  batchSize: field(integer({ min: 1, max: 65_536, powerOfTwo: true }), {
    default: 16,
    group,
    unit: 'groups',
    flags: ['--batch_size'],
    help: 'Groups per optimiser step over all workers together; raise it to keep many workers busy.',
  }),
  learningRate: field(real({ moreThan: 0, max: 1000 }), {
    default: 1e-3,
    group,
    inExecutionConfig: true,
    aliases: ['torch_learning_rate'],
    flags: ['--learning-rate', '--torch-learning-rate'],
    help: 'Base learning rate; lower it when the loss jumps, typically 1e-4 to 1e-3.',
  }),
  optimizer: field(choice(['adam', 'adamw', 'sgd']), {
    default: 'adam',
    group,
    aliases: ['optimiser'],
    help: 'Update rule; adamw decouples weight decay, sgd uses Nesterov momentum.',
  }),
  adamBeta1: field(real({ min: 0, lessThan: 1 }), {
    default: 0.9,
    group,
    onlyWith: adamOnly,
    help: 'Decay of the mean gradient of adam and adamw.',
  }),
  adamBeta2: field(real({ min: 0, lessThan: 1 }), {
    default: 0.999,
    group,
    onlyWith: adamOnly,
    help: 'Decay of the mean squared gradient of adam and adamw.',
  }),
  adamEpsilon: field(real({ moreThan: 0, max: 1 }), {
    default: 1e-8,
    group,
    onlyWith: adamOnly,
    help: 'Added to the denominator of adam and adamw; the TensorFlow reference uses 1e-7.',
  }),
  momentum: field(real({ min: 0, lessThan: 1 }), {
    default: 0.9,
    group,
    onlyWith: { key: 'optimizer', in: ['sgd'] },
    help: 'Nesterov momentum of sgd; 0 for plain steps.',
  }),
  weightDecay: field(real({ min: 0, max: 1 }), {
    default: 0,
    group,
    help: 'Pull of the weights towards zero; try 1e-4 with adamw when training overfits.',
  }),
  scheduler: field(
    choice([
      'Default',
      'Exponential',
      'WarmupCosine',
      'CosineAnnealing',
      'ReduceLROnPlateau',
      'MultiStage',
      'Adaptive',
    ]),
    {
      default: 'Default',
      group,
      inExecutionConfig: true,
      flags: ['--scheduler', '--torch-scheduler'],
      aliases: ['torch_scheduler'],
      help: 'Course of the learning rate over epochs; Default keeps it constant, ReduceLROnPlateau needs validation data.',
    },
  ),
  lrWarmupEpochs: field(integer({ min: 0, max: 1_000_000 }), {
    default: 0,
    group,
    unit: 'epochs',
    onlyWith: { key: 'scheduler', in: ['WarmupCosine'] },
    help: 'Linear rise from a tenth of the base rate.',
  }),
  lrMinRatio: field(real({ min: 0, max: 1 }), {
    default: 0.1,
    group,
    onlyWith: cosineOnly,
    help: 'Floor of the cosine as a share of the base rate.',
  }),
  plateauFactor: field(real({ moreThan: 0, lessThan: 1 }), {
    default: 0.5,
    group,
    onlyWith: plateauOnly,
    aliases: ['torch_plateau_factor'],
    flags: ['--plateau-factor', '--torch-plateau-factor'],
    help: 'Factor on the rate when the validation loss stalls.',
  }),
  plateauPatience: field(integer({ min: 0, max: 1_000_000 }), {
    default: 2,
    group,
    unit: 'epochs',
    onlyWith: plateauOnly,
    aliases: ['torch_plateau_patience'],
    flags: ['--plateau-patience', '--torch-plateau-patience'],
    help: 'Checks without improvement that are tolerated before the rate falls.',
  }),
  plateauMinLr: field(real({ min: 0, max: 1000 }), {
    default: 5e-5,
    group,
    onlyWith: plateauOnly,
    aliases: ['torch_plateau_min_lr'],
    flags: ['--plateau-min-lr', '--torch-plateau-min-lr'],
    help: 'Rate below which the plateau schedule does not go.',
  }),
  plateauThreshold: field(real({ min: 0, lessThan: 1 }), {
    default: 0,
    group,
    onlyWith: plateauOnly,
    aliases: ['torch_plateau_threshold'],
    flags: ['--plateau-threshold', '--torch-plateau-threshold'],
    help: 'Relative improvement that counts as progress.',
  }),
  stage1Epochs: field(integer({ min: 0, max: 1_000_000 }), {
    default: 0,
    group,
    unit: 'epochs',
    onlyWith: stagesOnly,
    aliases: ['stage_1_epochs'],
    flags: ['--stage-1-epochs'],
    help: 'Length of the first stage, at the base rate.',
  }),
  stage2Epochs: field(integer({ min: 0, max: 1_000_000 }), {
    default: 0,
    group,
    unit: 'epochs',
    onlyWith: { key: 'scheduler', in: ['Adaptive'] },
    aliases: ['stage_2_epochs'],
    flags: ['--stage-2-epochs'],
    help: 'Length of the second stage, in which the rate falls with the physics weight.',
  }),
  stage3LrFactor: field(real({ moreThan: 0, max: 1 }), {
    default: 0.1,
    group,
    onlyWith: { key: 'scheduler', in: ['MultiStage'] },
    aliases: ['stage_3_lr_factor'],
    flags: ['--stage-3-lr-factor'],
    help: 'Factor on the rate after the first stage.',
  }),
  physicsWeightSchedule: field(choice(['cosine', 'linear']), {
    default: 'cosine',
    group,
    onlyWith: { key: 'scheduler', in: ['Adaptive'] },
    help: 'How the physics weight rises during the second stage.',
  }),
  gradientClipVal: field(optional(real({ moreThan: 0, max: 1e6 })), {
    default: null,
    group,
    inExecutionConfig: true,
    help: 'Bound on the gradient, meant as gradientClipAlgorithm says; try 1 when the loss explodes.',
  }),
  gradientClipAlgorithm: field(choice(['norm', 'value', 'agc']), {
    default: 'norm',
    group,
    inExecutionConfig: true,
    onlyWith: { key: 'gradientClipVal', notIn: [null] },
    help: 'Bound the whole norm, every entry, or (agc) each tensor relative to its weights.',
  }),
  accumSteps: field(integer({ min: 1, max: 1024 }), {
    default: 1,
    group,
    inExecutionConfig: true,
    aliases: ['accumulateGradBatches', 'accumulate_grad_batches', 'torch_accumulate_grad_batches'],
    flags: ['--accumulate-grad-batches', '--torch-accumulate-grad-batches'],
    help: 'Batches whose gradients are added up before the optimiser moves.',
  }),
  earlyStopPatience: field(integer({ min: 1, max: 1_000_000 }), {
    default: 100,
    group,
    unit: 'epochs',
    inExecutionConfig: true,
    help: 'Stop after so many epochs without a better validation loss; needs validation data.',
  }),
  seed: field(integer({ min: 0, max: seedMax }), {
    default: 42,
    group: 'Reproducibility',
    help: 'Root of every random draw of the run; 0 is a seed like any other.',
  }),
  virtualShards: field(integer({ min: 1, max: 64, powerOfTwo: true }), {
    default: 8,
    group: 'Reproducibility',
    help: 'Equal parts of a batch that workers take, which is also the number of workers that can be busy; changing it changes the last bits of the result.',
  }),
  initialization: field(choice(['he', 'torch', 'glorot', 'hash']), {
    default: 'he',
    group: 'Reproducibility',
    aliases: ['initialisation'],
    help: 'How weights start; torch and glorot follow the two references, hash repeats the golden files.',
  }),
});
