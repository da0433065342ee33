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

const noProbeMask = 'a probe mask is not applied yet, so mask the probe in the data file instead';

/** The network and its physics: what fixes the parameter layout and the map from patterns to object (spec model.md). */
export const modelSection = section('model', {
  architecture: field(choice(['cnn', 'ffno', 'fno', 'fno_vanilla', 'neuralop_uno']), {
    default: 'cnn',
    group,
    help: 'Generator network; the convolutional one is the reference.',
    refused: 'only the convolutional generator exists here, so use cnn',
  }),
  modelType: field(choice(['pinn', 'supervised']), {
    default: 'pinn',
    group,
    help: 'pinn learns from diffraction alone, supervised from labelled objects.',
    aliases: ['mode'],
    translate: modelTypeName,
    refused: 'training on labelled objects is not available, so use pinn, which needs no labels',
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
    refused: noProbeMask,
  }),
  probeMaskSigma: field(real({ min: 0 }), {
    default: 1,
    group,
    unit: 'pixels',
    help: 'Gaussian edge of the probe mask.',
    refused: noProbeMask,
  }),
  probeMaskDiameter: field(optional(real({ moreThan: 0 })), {
    default: null,
    group,
    unit: 'pixels',
    help: 'Diameter of the probe mask; none means N/2.',
    refused: noProbeMask,
  }),
  probeScale: field(real({ moreThan: 0 }), {
    default: 4,
    group,
    help: 'The probe is divided by it inside the model; lower it to make the object that the network emits smaller.',
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
    refused: 'attention exists in the encoder only, so use --cbam-encoder',
  }),
  trainingPatchWeighting: field(choice(['central_mask', 'probe', 'uniform']), {
    default: 'central_mask',
    group,
    help: 'How overlapping patches of a group are weighted when they are merged; probe follows the illumination.',
  }),
  maxNeighborDistance: field(real({ min: 0, max: 64 }), {
    default: 3,
    group,
    unit: 'pixels',
    help: 'Spread of a group that the merged canvas has room for; raise it for coarse scans with gridsize above 1.',
  }),
  intensityScaleTrainable: field(toggle(), {
    default: false,
    group,
    help: 'Learn one global intensity scale.',
    refused: 'the intensity scale is fixed from the photon count, so set nphotons instead',
  }),
  headVariant: field(choice(['torch', 'tensorflow']), {
    default: 'torch',
    group,
    help: 'Outer channels of the heads: as many as patterns (torch) or always four (tensorflow).',
    refused: 'only the torch head is built, so use torch',
  }),
  amplitudePhysicsGain: field(real({ moreThan: 0 }), {
    default: 1,
    group,
    help: 'Factor on the predicted diffraction amplitude.',
    refused: 'the predicted amplitude is not rescaled, so set nphotons or probeScale instead',
  }),
});
