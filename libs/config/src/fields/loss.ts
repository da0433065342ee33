import { field, section } from './field.ts';
import { choice, real, toggle } from './value-type.ts';

const group = 'Loss';
const oneTermOnly = 'the loss has one term, so choose it with --torch-loss-mode poisson or mae';

/** What the gradient is taken of (spec model.md §9). Weights are relative; zero switches a term off. */
export const lossSection = section('loss', {
  kind: field(choice(['poisson', 'mae']), {
    default: 'poisson',
    group,
    name: 'torchLossMode',
    aliases: ['lossKind', 'loss_kind'],
    flags: ['--torch-loss-mode'],
    help: 'poisson fits photon counts; mae fits amplitudes and suits data without a known photon count.',
  }),
  nllWeight: field(real({ min: 0, max: 1 }), {
    default: 1,
    group,
    help: 'Weight of the Poisson term.',
    refused: oneTermOnly,
  }),
  maeWeight: field(real({ min: 0, max: 1 }), {
    default: 0,
    group,
    help: 'Weight of the amplitude error.',
    refused: oneTermOnly,
  }),
  realspaceWeight: field(real({ min: 0 }), {
    default: 0,
    group,
    help: 'Weight of the terms taken on the object.',
    refused: 'there is no loss on the object, so leave it at 0',
  }),
  realspaceMaeWeight: field(real({ min: 0 }), {
    default: 0,
    group,
    help: 'Weight of the absolute error on the object.',
    refused: 'there is no loss on the object, so leave it at 0',
  }),
  tvWeight: field(real({ min: 0 }), {
    default: 0,
    group,
    help: 'Weight of the total variation of the object.',
    refused: 'the object is not regularised, so leave it at 0',
  }),
  maePredL2MatchTarget: field(toggle(), {
    default: false,
    group,
    aliases: ['torch_mae_pred_l2_match_target', 'torchMaePredL2MatchTarget'],
    flags: ['--torch-mae-pred-l2-match-target', '--torch_mae_pred_l2_match_target'],
    help: 'Rescale every mae prediction to the norm of its target.',
    refused: 'predictions are compared at their physical scale, so leave it off',
  }),
});
