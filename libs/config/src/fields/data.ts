import { field, section } from './field.ts';
import { choice, integer, numberChoice, optional, real, toggle } from './value-type.ts';

const group = 'Data and grouping';
const countMax = 2 ** 31 - 1;

const nSubsample = field(optional(integer({ min: 1, max: countMax })), {
  default: null,
  group,
  help: 'Patterns kept before grouping; use it to try a run on part of a scan.',
});

const sequentialSampling = field(toggle(), {
  default: false,
  group,
  help: 'Take the first patterns as group centres instead of random ones; for comparing runs by eye.',
});

const enableOversampling = field(toggle(), {
  default: false,
  group,
  help: 'Allow more groups than patterns by drawing several groups around one pattern; for small scans with gridsize above 1.',
});

const neighborPoolSize = field(optional(integer({ min: 1, max: 1024 })), {
  default: null,
  group,
  onlyWith: { key: 'enableOversampling', in: [true] },
  help: 'Neighbours that oversampled groups are drawn from; none means neighborCount.',
});

const neighborCountHelp =
  'Nearest neighbours that the members of a group are drawn from, at least gridsize²; more mixes farther patterns.';

/** Which patterns are trained on, how they are grouped and scaled (spec data.md §5–7). */
export const trainingDataSection = section('data', {
  nGroups: field(integer({ min: 1, max: countMax }), {
    default: 512,
    group,
    aliases: ['n_images', 'nImages'],
    flags: ['--n_images', '--n-images'],
    help: 'Number of groups to train on, whatever the gridsize; an epoch passes once over all of them.',
  }),
  nSubsample,
  subsampleSeed: field(optional(integer({ min: 0, max: Number.MAX_SAFE_INTEGER })), {
    default: null,
    group,
    help: 'Seed of subsampling and grouping; none means the seed of the run.',
  }),
  neighborCount: field(integer({ min: 1, max: 1024 }), {
    default: 6,
    group,
    aliases: ['K'],
    help: neighborCountHelp,
  }),
  sequentialSampling,
  enableOversampling,
  neighborPoolSize,
  nphotons: field(real({ moreThan: 0, max: 1e30 }), {
    default: 1e9,
    group,
    unit: 'photons',
    help: 'Mean photons per pattern; scales the Poisson loss, never the data; read from the data file unless given.',
  }),
  probeNormalization: field(choice(['target', 'none']), {
    default: 'target',
    group,
    aliases: ['probeNormalisation', 'probe_normalisation'],
    help: 'target scales the probe so that the network has to emit a known amplitude; none takes the probe as it is.',
  }),
  targetAmplitude: field(real({ moreThan: 0, max: 10 }), {
    default: 0.05,
    group,
    onlyWith: { key: 'probeNormalization', in: ['target'] },
    help: 'Mean object amplitude that the network has to emit; follows the activation (0.05 for swish, 0.5 for sigmoid) unless given.',
  }),
  coordinates: field(choice(['pixels', 'meters']), {
    default: 'pixels',
    group,
    help: 'Unit of the scan positions in the data file.',
    refused: 'positions are taken in object pixels, so divide metres by the object pixel size first',
  }),
});

/** Which patterns are reconstructed and how they are grouped; scales come with the weight bundle. */
export const inferenceDataSection = section('data', {
  N: field(numberChoice([64, 128, 256]), {
    default: 64,
    group,
    unit: 'pixels',
    help: "Side of a pattern, which has to be the model's; read from the probe of the data file unless given.",
  }),
  nGroups: field(optional(integer({ min: 1, max: countMax })), {
    default: null,
    group,
    aliases: ['n_images', 'nImages'],
    flags: ['--n_images', '--n-images'],
    help: 'Number of groups to reconstruct; none takes the whole scan.',
  }),
  nSubsample,
  subsampleSeed: field(integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), {
    default: 42,
    group,
    help: 'Seed of subsampling and grouping.',
  }),
  neighborCount: field(integer({ min: 1, max: 1024 }), {
    default: 4,
    group,
    aliases: ['K'],
    help: neighborCountHelp,
  }),
  sequentialSampling,
  enableOversampling,
  neighborPoolSize,
});
