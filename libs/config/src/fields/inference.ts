import { field, section } from './field.ts';
import { choice, integer, optional, real, toggle } from './value-type.ts';

const group = 'Reconstruction';

/** How predicted patches become one image (spec inference.md §3–5). */
export const inferenceSection = section('inference', {
  patchWeighting: field(choice(['uniform', 'probe']), {
    default: 'uniform',
    group,
    help: 'uniform averages patches where they overlap; probe weights them by the illumination.',
  }),
  patchPhases: field(choice(['aligned', 'predicted']), {
    default: 'aligned',
    group,
    help: 'aligned turns every patch until it agrees with its neighbours, since a diffraction pattern leaves its phase open; predicted takes the phase of the network, as the reference does.',
  }),
  stitchCrop: field(integer({ min: 2, max: 256 }), {
    default: 20,
    group,
    unit: 'pixels',
    aliases: ['M'],
    onlyWith: { key: 'patchWeighting', in: ['uniform'] },
    help: 'Side of the central part of a patch that uniform stitching uses; at least the scan step.',
  }),
  middleTrim: field(integer({ min: 2, max: 256 }), {
    default: 32,
    group,
    unit: 'pixels',
    onlyWith: { key: 'patchWeighting', in: ['probe'] },
    help: 'Side of the central part of a patch that probe-weighted stitching uses; at least the scan step.',
  }),
  logPatchStats: field(toggle(), {
    default: false,
    group,
    help: 'Write mean, deviation and extremes of the predicted patches, and a picture of some, to the folder analysis.',
  }),
  patchStatsLimit: field(optional(integer({ min: 1, max: 1_000_000 })), {
    default: null,
    group,
    unit: 'batches',
    onlyWith: { key: 'logPatchStats', in: [true] },
    help: 'Batches that the patch statistics cover; none means all.',
  }),
  phaseVmin: field(optional(real({ min: -1000, max: 1000 })), {
    default: null,
    group,
    unit: 'rad',
    help: 'Phase at the lower end of the colours of the phase picture; none follows the values.',
  }),
  phaseVmax: field(optional(real({ min: -1000, max: 1000 })), {
    default: null,
    group,
    unit: 'rad',
    help: 'Phase at the upper end of the colours of the phase picture; none follows the values.',
  }),
  padEval: field(toggle(), {
    default: false,
    group,
    help: 'Pad patches before stitching.',
    refused: 'no stitching route pads patches, so leave it off',
  }),
  varproScaling: field(toggle(), {
    default: false,
    group,
    help: 'Refit the real and imaginary scale of the object to the measured intensities.',
    refused: 'the amplitude model does not need the refit and it is not built, so leave it off',
  }),
});
