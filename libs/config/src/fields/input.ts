import { z } from 'zod';
import { field, section } from './field.ts';
import { choice, optional, path, text } from './value-type.ts';

const group = 'Files';

const configFile = field(optional(path('the path of a YAML or JSON file')), {
  default: null,
  group,
  name: 'config',
  help: 'File with values by field name; flags win over it, it wins over the environment.',
});

const device = field(optional(choice(['cpu', 'cuda'])), {
  default: null,
  group: 'Device and loading',
  deprecatedFlags: { '--device': 'use --accelerator' },
  help: 'Former name of --accelerator.',
});

/** A tracking server; secrets come from MLflow's own variables, so that no file and no list of processes shows them. */
const trackingUri = {
  ...text("the http or https address of a tracking server, without a user's name or password"),
  schema: z
    .string()
    .max(2048)
    .regex(/^https?:\/\/[^\s@/?#]+(\/[^\s?#]*)?$/),
  valueName: 'URL',
};

/** What a command needs to know besides the specification: paths, which stay out of it, and the profile. */
export const trainingInputSection = section('input', {
  trainDataFile: field(optional(path('the path of a data file')), {
    default: null,
    required: true,
    group,
    aliases: ['train_data_file_path'],
    flags: ['--train_data_file'],
    help: 'Scan to train on.',
  }),
  testDataFile: field(optional(path('the path of a data file')), {
    default: null,
    group,
    aliases: ['test_data_file_path'],
    flags: ['--test_data_file', '--test_data', '--test-data'],
    help: 'Scan to validate on; without it there is no early stopping.',
  }),
  ptychoDir: field(optional(path('the path of a folder')), {
    default: null,
    group,
    flags: ['--ptycho_dir'],
    deprecatedFlags: { '--ptycho_dir': 'name the scan with --train_data_file' },
    help: 'Folder with the one scan to train on, as the older interface of the reference has it.',
  }),
  outputDir: field(path('the path of a folder'), {
    default: 'training_outputs',
    group,
    flags: ['--output_dir'],
    help: 'Folder for the weight bundle and the logs; made if missing.',
  }),
  configFile,
  mlflowTrackingUri: field(optional(trackingUri), {
    default: null,
    group: 'Checkpoints and logging',
    help: 'MLflow tracking server for --logger mlflow; none means the variable MLFLOW_TRACKING_URI.',
  }),
  profile: field(text('the name of a profile'), {
    default: 'default',
    group: 'Reproducibility',
    help: 'Set of defaults: default, or upstream to start weights and take the probe as the reference does.',
  }),
  device,
});

export const inferenceInputSection = section('input', {
  modelPath: field(optional(path('the path of a run folder or of its wts.h5.zip')), {
    default: null,
    required: true,
    group,
    flags: ['--model_path'],
    help: 'Run folder with the weight bundle wts.h5.zip, or the bundle itself.',
  }),
  testDataFile: field(optional(path('the path of a data file')), {
    default: null,
    required: true,
    group,
    aliases: ['test_data_file_path', 'test_data'],
    flags: ['--test_data', '--test-data', '--test_data_file'],
    help: 'Scan to reconstruct.',
  }),
  outputDir: field(path('the path of a folder'), {
    default: 'inference_outputs',
    group,
    flags: ['--output_dir'],
    help: 'Folder for the reconstruction; made if missing.',
  }),
  configFile,
  device,
});
