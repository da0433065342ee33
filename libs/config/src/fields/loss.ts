import { field, section } from './field.ts';
import { choice, real, toggle } from './value-type.ts';

const group = 'Loss';
const mixedOnly = { key: 'kind', in: ['poisson'] } as const;
const realspaceOnly = { key: 'realspaceWeight', notIn: [0] } as const;

/** What the gradient is taken of (docs/losses.md; spec model.md §9). Zero switches a term off. */
export const lossSection = section('loss', {
  kind: field(choice(['poisson', 'mae']), {
    default: 'poisson',
    group,
    name: 'torchLossMode',
    aliases: ['lossKind', 'loss_kind'],
    flags: ['--torch-loss-mode'],
    help: 'poisson fits photon counts, mixed by nllWeight and maeWeight; mae fits amplitudes and suits data without a known photon count.',
  }),
  normalizer: field(choice(['run', 'batch']), {
    default: 'run',
    group,
    name: 'lossNormalizer',
    help: 'Mean amplitude that the loss is divided by: of the whole run, so that every batch weighs alike, or of each batch, as the reference does.',
  }),
  nllWeight: field(real({ min: 0, max: 1 }), {
    default: 1,
    group,
    onlyWith: mixedOnly,
    help: 'Weight of the Poisson term; 0 leaves it out.',
  }),
  maeWeight: field(real({ min: 0, max: 1 }), {
    default: 0,
    group,
    onlyWith: mixedOnly,
    help: 'Weight of the amplitude error beside the Poisson term, both summed over pixels.',
  }),
  realspaceWeight: field(real({ min: 0, max: 1e12 }), {
    default: 0,
    group,
    help: 'Weight of the terms taken on the object, realspaceMaeWeight and tvWeight; 0 leaves them out.',
  }),
  realspaceMaeWeight: field(real({ min: 0, max: 1e12 }), {
    default: 0,
    group,
    onlyWith: realspaceOnly,
    help: 'Weight of the absolute error of the object against the labels of the data file.',
  }),
  tvWeight: field(real({ min: 0, max: 1e12 }), {
    default: 0,
    group,
    onlyWith: realspaceOnly,
    help: 'Weight of the total variation of the object, against noise.',
  }),
  maePredL2MatchTarget: field(toggle(), {
    default: false,
    group,
    aliases: ['torch_mae_pred_l2_match_target', 'torchMaePredL2MatchTarget'],
    flags: ['--torch-mae-pred-l2-match-target', '--torch_mae_pred_l2_match_target'],
    help: 'Rescale every prediction to the norm of its target before the amplitude error.',
  }),
});
