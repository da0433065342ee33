import { modelSection } from './fields/model.ts';
import { noEffect, ruleFault } from './rule-fault.ts';
import type { TrainingRunSpec } from './run-spec.ts';

/** Width that attention divides its channels by (model spec §2.4). */
const attentionReduction = 16;

/**
 * What network and physics have to keep among themselves, so that nothing impossible or idle gets as far as a worker.
 * @throws Fault naming the field and how to mend it
 */
export function checkModel({ model, data, loss }: TrainingRunSpec): void {
  const { N, nFiltersScale } = model;
  const firstChannels = (nFiltersScale * 2048) / N;
  if (model.cbamEncoder && firstChannels < attentionReduction) {
    const least = Math.ceil((attentionReduction * N) / 2048);
    throw ruleFault(
      'model.nFiltersScale',
      nFiltersScale,
      `at least ${least} with model.N = ${N} and model.cbamEncoder = true, since attention needs ${attentionReduction} channels and the first block has ${firstChannels}; raise it or set --no-cbam-encoder`,
    );
  }
  if (model.probeMaskDiameter !== null && model.probeMaskDiameter > N) {
    throw ruleFault('model.probeMaskDiameter', model.probeMaskDiameter, `at most model.N = ${N}`);
  }
  if (data.probeNormalization === 'target') {
    // The installed probe is proportional to probeScale and to 1/gain, so both cancel (training spec §2.4).
    for (const key of ['probeScale', 'amplitudePhysicsGain'] as const) {
      if (model[key] === modelSection.field[key].default) continue;
      throw noEffect(`model.${key}`, model[key], 'data.probeNormalization', 'target', 'none');
    }
    if (model.ampActivation === 'sigmoid' && data.targetAmplitude >= 1) {
      throw ruleFault(
        'data.targetAmplitude',
        data.targetAmplitude,
        'below 1 with model.ampActivation = sigmoid, which cannot emit more',
      );
    }
  }
  // The reference's 3 comes with its profile, whatever the gridsize.
  if (model.gridsize === 1 && model.maxNeighborDistance !== null) {
    throw noEffect('model.maxNeighborDistance', model.maxNeighborDistance, 'model.gridsize', 1, '2 or 3');
  }
  if (model.modelType === 'supervised') checkSupervised(model, loss);
}

/** Labels are compared with the network's maps: what comes after the network is not used. */
function checkSupervised(model: TrainingRunSpec['model'], loss: TrainingRunSpec['loss']): void {
  if (loss.normalizer !== 'run')
    throw noEffect('loss.normalizer', loss.normalizer, 'model.modelType', 'supervised', 'pinn');
  const idle = [
    'probeMask',
    'intensityScaleTrainable',
    'trainingPatchWeighting',
    'maxNeighborDistance',
  ] as const;
  for (const key of idle) {
    if (model[key] === modelSection.field[key].default) continue;
    throw noEffect(`model.${key}`, model[key], 'model.modelType', 'supervised', 'pinn');
  }
}
