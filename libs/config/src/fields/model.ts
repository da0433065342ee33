import { field, section } from './field.ts';
import { choice, integer, numberChoice, optional, real, toggle } from './value-type.ts';

const group = 'Network and physics';

/** `silu` is the same function under the reference's name (spec configuration.md §6.3). */
function activationName(value: unknown): unknown {
  return typeof value === 'string' && value.toLowerCase() === 'silu' ? 'swish' : value;
}

function modelTypeName(value: unknown): unknown {
  if (value === 'Unsupervised') return 'pinn';
  return value === 'Supervised' ? 'supervised' : value;
}

/** Upstream's backend objects hold the grid as a pair (spec configuration.md §6.1). */
function squareGrid(value: unknown): unknown {
  return Array.isArray(value) && value.length === 2 && value[0] === value[1] ? value[0] : value;
}

const gridSide = {
  ...integer({ min: 1, max: 3 }),
  allowed: 'an integer from 1 to 3 or a square pair such as [2,2], since non-square grids do not exist',
};

/** Every name that the reference knows, so that each gets its reason; only the supported ones are offered. */
const architectureName = {
  ...choice(['cnn', 'ffno', 'fno', 'fno_vanilla', 'hybrid', 'neuralop_uno']),
  allowed: 'one of the supported architectures: cnn',
};

const mergedOnly = { key: 'objectBig', in: [true] } as const;
const maskedOnly = { key: 'probeMask', in: [true] } as const;

/** The network and its physics: what fixes the parameter layout and the map from patterns to object (spec model.md). */
export const modelSection = section('model', {
  architecture: field(architectureName, {
    default: 'cnn',
    group,
    help: 'Generator network; the convolutional one is the reference.',
    refused: 'the supported architectures are: cnn, so use cnn',
  }),
  modelType: field(choice(['pinn', 'supervised']), {
    default: 'pinn',
    group,
    help: 'pinn learns from diffraction alone, supervised from the labelled objects of the data file.',
    aliases: ['mode'],
    translate: modelTypeName,
  }),
  N: field(numberChoice([64, 128, 256]), {
    default: 64,
    group,
    unit: 'pixels',
    help: 'Side of a pattern and of an object patch; read from the probe of the data file unless given.',
  }),
  gridsize: field(gridSide, {
    default: 1,
    commandDefault: 2,
    group,
    aliases: ['grid_size', 'gridSize'],
    translate: squareGrid,
    help: 'A group holds gridsize² neighbouring patterns; 1 for sparse scans, 2 where neighbours overlap.',
  }),
  nFiltersScale: field(integer({ min: 1, max: 8 }), {
    default: 2,
    group,
    help: 'Multiplies the filter counts; 1 trains about four times faster, more needs more data.',
  }),
  ampActivation: field(choice(['swish', 'sigmoid', 'softplus', 'relu']), {
    default: 'swish',
    group,
    translate: activationName,
    help: 'Activation of the amplitude head; sigmoid bounds the amplitude to 0…1.',
  }),
  objectBig: field(toggle(), {
    default: true,
    group,
    help: 'Merge the patches of a group before diffraction, so that overlaps have to agree; with gridsize 1 there is nothing to merge.',
  }),
  probeBig: field(toggle(), {
    default: true,
    group,
    help: 'Also decode the outer ring of a patch; turn off when the probe fills only the central half.',
  }),
  probeMask: field(toggle(), {
    default: false,
    group,
    help: 'Circular support on the probe, against noise far from the beam.',
  }),
  probeMaskSigma: field(real({ min: 0, max: 32 }), {
    default: 1,
    group,
    unit: 'pixels',
    onlyWith: maskedOnly,
    help: 'Gaussian edge of the probe mask; 0 cuts it hard.',
  }),
  probeMaskDiameter: field(optional(real({ min: 2, max: 512 })), {
    default: null,
    group,
    unit: 'pixels',
    onlyWith: maskedOnly,
    help: 'Diameter of the probe mask; none means N/2.',
  }),
  probeScale: field(real({ moreThan: 0 }), {
    default: 4,
    group,
    help: 'With probeNormalization none the probe is divided by it inside the model; lower it to make the object that the network emits smaller.',
  }),
  inputScale: field(real({ moreThan: 0, max: 1e6 }), {
    default: 1,
    group,
    help: 'Factor on the normalised pattern before the network, not on what is compared with it; 4 helps training to start.',
  }),
  cbamEncoder: field(toggle(), {
    default: true,
    group,
    help: 'Attention blocks in the encoder; off trains faster at some cost in quality.',
  }),
  cbamBottleneck: field(toggle(), {
    default: false,
    group,
    help: 'Attention block in the bottleneck.',
  }),
  trainingPatchWeighting: field(choice(['central_mask', 'probe', 'uniform']), {
    default: 'central_mask',
    group,
    onlyWith: mergedOnly,
    help: 'How overlapping patches of a group are weighted when they are merged; probe follows the illumination.',
  }),
  maxNeighborDistance: field(optional(real({ min: 0, max: 256 })), {
    default: null,
    group,
    unit: 'pixels',
    onlyWith: mergedOnly,
    help: 'Spread of a group that the merged canvas has room for; none means as much as the groups of the scan need.',
  }),
  intensityScaleTrainable: field(toggle(), {
    default: false,
    group,
    help: 'Learn one global factor between the network and the measured amplitudes; for data whose probe power is not known.',
  }),
  headVariant: field(choice(['torch', 'tensorflow']), {
    default: 'torch',
    group,
    help: 'Outer channels of the heads: as many as patterns (torch) or always four (tensorflow).',
  }),
  amplitudePhysicsGain: field(real({ moreThan: 0, max: 1e6 }), {
    default: 1,
    group,
    help: 'With probeNormalization none a factor on the predicted diffraction amplitude.',
  }),
});
