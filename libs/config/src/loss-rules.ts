import { noEffect, ruleFault } from './rule-fault.ts';
import type { TrainingRunSpec } from './run-spec.ts';

/**
 * What the terms of the loss have to keep among themselves (docs/losses.md).
 * @throws Fault naming the field and how to mend it
 */
export function checkLoss({ model, loss }: TrainingRunSpec): void {
  const { kind, nllWeight, maeWeight, realspaceWeight } = loss;
  if (kind === 'poisson' && nllWeight + maeWeight === 0) {
    throw ruleFault('loss.nllWeight', 0, 'above 0 where loss.maeWeight is 0, since no term is left');
  }
  if (loss.maePredL2MatchTarget && kind === 'poisson' && maeWeight === 0) {
    throw noEffect('loss.maePredL2MatchTarget', true, 'loss.maeWeight', 0, 'a value above 0');
  }
  if (realspaceWeight > 0 && loss.realspaceMaeWeight + loss.tvWeight === 0) {
    throw ruleFault(
      'loss.realspaceWeight',
      realspaceWeight,
      '0 while loss.realspaceMaeWeight and loss.tvWeight are 0; set at least one of them, too',
    );
  }
  if (model.modelType !== 'supervised') return;
  if (kind !== 'mae') {
    throw ruleFault('loss.kind', kind, 'mae with model.modelType = supervised, which compares with labels');
  }
  for (const key of ['maePredL2MatchTarget', 'realspaceWeight'] as const) {
    if (loss[key]) throw noEffect(`loss.${key}`, loss[key], 'model.modelType', 'supervised', 'pinn');
  }
}
