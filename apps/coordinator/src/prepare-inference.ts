import { Fault } from '@ptychofleet/base';
import type { InferenceRunSpec } from '@ptychofleet/config';
import { groupScan, prepareScan, subsampleScan, type ScanDataset } from '@ptychofleet/data';
import { lossSpecSchema } from '@ptychofleet/config';
import { InferenceJob } from './inference-job.ts';
import type { OpenedModel } from './library.ts';
import { effectiveProbeScale, publish } from './prepare-training.ts';

/** From a resolved specification, a scan and a model to a job: groups by the training rule, every member at its place. */
export async function prepareInference(
  spec: InferenceRunSpec,
  whole: ScanDataset,
  opened: OpenedModel,
): Promise<InferenceJob> {
  await Promise.resolve();
  const scan = subsampleScan(whole, spec.data.nSubsample, spec.data.subsampleSeed);
  const { model } = opened;
  const { data, inference, execution } = spec;
  const { patchWeighting, patchPhases } = inference;
  const cropSide = patchWeighting === 'uniform' ? inference.stitchCrop : inference.middleTrim;
  if (scan.N !== model.N) {
    throw new Fault(
      'invalid-input',
      `the model takes patterns of ${model.N}×${model.N} pixels, the scan has ${scan.N}×${scan.N}; give it a scan of its own size`,
    );
  }
  if (data.N !== scan.N) {
    throw new Fault(
      'invalid-input',
      `data.N: received ${data.N}, expected ${scan.N}, the side of the scan's patterns; leave it out`,
      { field: 'data.N', received: String(data.N), expected: String(scan.N) },
    );
  }
  const warnings = [...scan.warnings];
  const oversampled = model.gridsize > 1 && data.nGroups !== null && data.nGroups > scan.n;
  if (data.enableOversampling && !oversampled) {
    warnings.push(
      `data.enableOversampling has no effect: it needs a model of gridsize above 1 and more groups than the ${scan.n} patterns`,
    );
  }
  const grouping = {
    gridsize: model.gridsize,
    // Too many are for the grouping to answer: it takes each pattern once, oversamples, or refuses.
    groupCount: data.nGroups ?? scan.n,
    neighborCount: Math.max(data.neighborCount, model.gridsize ** 2),
    seed: data.subsampleSeed,
    sequential: data.sequentialSampling || data.nGroups === null,
    enableOversampling: data.enableOversampling,
    neighborPoolSize: data.neighborPoolSize,
  };
  const groups = groupScan(scan.x, scan.y, grouping, (sentence) => warnings.push(sentence));
  const prepared = prepareScan(scan, groups, {
    gridsize: model.gridsize,
    nphotons: numberIn(opened.params, 'nphotons'),
    probeScale: effectiveProbeScale(model),
    probeNormalization: 'none',
    targetAmplitude: 1,
    // The object that the network emits refers to the probe as it was installed in training.
    scales: { probeFactor: numberIn(opened.scaling, 'probe_factor') },
  });
  return new InferenceJob({
    plan: {
      kind: 'inference',
      groupCount: prepared.groupCount,
      batchSize: execution.inferenceBatchSize ?? numberIn(opened.params, 'batch_size'),
    },
    model,
    loss: lossSpecSchema.parse({}),
    weights: opened.weights,
    scan: publish(prepared),
    cropSide,
    patchWeighting,
    patchPhases,
    patchStatisticsBatches: inference.logPatchStats ? (inference.patchStatsLimit ?? Infinity) : 0,
    warnings,
  });
}

function numberIn(record: Readonly<Record<string, unknown>>, key: string): number {
  const value = record[key];
  if (typeof value !== 'number') {
    throw new Fault('data-loss', `the bundle lacks the number ${key}; train again with this version`);
  }
  return value;
}
