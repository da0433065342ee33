import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { assert, Fault } from '@ptychofleet/base';
import { channelsOf, type LossSpec, type ModelSpec } from '@ptychofleet/config';
import { LOG_SCALE } from '@ptychofleet/model';
import type { BatchTensors } from './batch.ts';
import { createDiffraction, type Diffraction } from './diffraction.ts';
import { createKernels } from './kernels.ts';
import { createLosses, lossWeights, type LossWeights } from './loss.ts';
import { createNetwork, type Network, type ObjectMaps, type Inspect, type Weights } from './network.ts';
import { illumination, probeIntensity } from './probe.ts';
import { canvasSide, extract, merge, type ReassemblyPlan } from './reassembly.ts';
import type { Tensor, TensorFlow } from './runtime.ts';
import type { ScanTensors } from './scan-tensors.ts';

/** Network and physics of one model on one scan: patterns → object → diffraction → loss (model spec §2–§9). */
export interface ForwardModel {
  readonly lossWeights: LossWeights;
  /** How a group's patches meet; null when patterns go one by one (`objectBig` false). */
  readonly reassembly: ReassemblyPlan | null;
  objectMaps(weights: Weights, input: Tensor4D, inspect?: Inspect): ObjectMaps;
  /** (b·C, N, 2, N) [column, real|imaginary, row] */
  farField(weights: Weights, batch: BatchTensors): Tensor;
  /** Predicted amplitude, (b·C, N, N) [column, row] */
  amplitude(weights: Weights, batch: BatchTensors): Tensor;
  /** Loss per pattern without its constant, not normalised, (b·C); a group's loss is the sum over its members. */
  losses(weights: Weights, batch: BatchTensors): Tensor1D;
  dispose(): void;
}

type ProbeAndScales = Pick<ScanTensors, 'N' | 'C' | 'probeRe' | 'probeIm'> & {
  readonly scales: Pick<ScanTensors['scales'], 'physics'>;
};

/** @throws Fault when scan and model disagree or the loss asks for what is not there. */
export function createForwardModel(
  tf: TensorFlow,
  model: ModelSpec,
  loss: LossSpec,
  scan: ProbeAndScales,
): ForwardModel {
  requireMatch('N', scan.N, model.N);
  requireMatch('C', scan.C, channelsOf(model));
  if (model.modelType !== 'pinn') {
    const message = `model.modelType: received ${model.modelType}, only pinn is supported; leave the field out`;
    throw new Fault('unsupported', message, { field: 'model.modelType' });
  }
  const { N } = model;
  const C = channelsOf(model);
  const weightsOfTerms = lossWeights(loss);
  const kernels = createKernels(tf);
  const network: Network = createNetwork(tf, kernels, model);
  const diffraction: Diffraction = createDiffraction(tf, N, illumination(model, scan.probeRe, scan.probeIm));
  const terms = createLosses(tf, diffraction, scan.scales.physics);
  const reassembly: ReassemblyPlan | null = model.objectBig
    ? {
        N,
        C,
        M: canvasSide(N, model.gridsize, model.maxNeighborDistance),
        weighting: model.trainingPatchWeighting,
        probeIntensity: probeIntensity(N, scan.probeRe, scan.probeIm),
      }
    : null;

  const samplePatterns = model.objectBig ? C : 1;
  const matchedPatterns = loss.maePredL2MatchTarget ? samplePatterns : undefined;

  const objectMaps = (weights: Weights, input: Tensor4D, inspect?: Inspect): ObjectMaps => {
    const fixed: Tensor4D = model.inputScale === 1 ? input : tf.mul(input, model.inputScale);
    // The tied scale (model spec §8): the network sees x·exp(-d), the prediction is multiplied by exp(d).
    const x: Tensor4D = model.intensityScaleTrainable
      ? tf.mul(fixed, tf.exp(tf.neg(weights(LOG_SCALE))))
      : fixed;
    return network.forward(weights, x, inspect);
  };

  const farField = (weights: Weights, batch: BatchTensors): Tensor => {
    const { amplitude, phase } = objectMaps(weights, batch.input);
    const scaled = model.intensityScaleTrainable ? tf.mul(amplitude, tf.exp(weights(LOG_SCALE))) : amplitude;
    const maps = tf.stack([tf.mul(scaled, tf.cos(phase)), tf.mul(scaled, tf.sin(phase))], 1); // (b, 2, N, N, Cout)
    if (reassembly === null) return diffraction.farField(tf.reshape(maps, [-1, 2, N, N]));
    assert(batch.geometry !== null, 'a merged model needs the geometry of its groups');
    const patches = tf.transpose(maps, [0, 1, 4, 2, 3]); // (b, 2, C, N, N)
    const cut = extract(tf, merge(tf, patches, batch.geometry), batch.geometry);
    return diffraction.farField(tf.reshape(tf.transpose(cut, [0, 2, 1, 3, 4]), [-1, 2, N, N]));
  };

  return {
    lossWeights: weightsOfTerms,
    reassembly,
    objectMaps,
    farField,
    amplitude: (weights, batch) => diffraction.amplitude(farField(weights, batch)),
    losses(weights, batch) {
      const field = farField(weights, batch);
      const { poisson, mae } = weightsOfTerms;
      const parts: Tensor1D[] = [];
      if (poisson > 0) parts.push(tf.mul(terms.poissonDeviance(field, batch.target), poisson));
      if (mae > 0) {
        // The reference averages over a group's pixels, (C, N, N).
        const error = terms.absoluteError(field, batch.target, matchedPatterns);
        parts.push(tf.mul(error, mae / (C * N * N)));
      }
      return parts.reduce((sum, part) => tf.add(sum, part));
    },
    dispose() {
      kernels.dispose();
      network.dispose();
      diffraction.dispose();
    },
  };
}

function requireMatch(field: string, received: number, expected: number): void {
  if (received === expected) return;
  const message = `scan.${field}: received ${received}, the model expects ${expected}; prepare the scan for this model`;
  throw new Fault('invalid-input', message, { field: `scan.${field}` });
}
