import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { assert, Fault } from '@ptychofleet/base';
import { channelsOf, type LossSpec, type ModelSpec } from '@ptychofleet/config';
import { LOG_SCALE } from '@ptychofleet/model';
import type { BatchTensors } from './batch.ts';
import { createDiffraction, type Diffraction } from './diffraction.ts';
import { createKernels } from './kernels.ts';
import { createLosses, lossWeights, type LossWeights } from './loss.ts';
import {
  complexParts,
  createNetwork,
  type Inspect,
  type Network,
  type ObjectMaps,
  type Weights,
} from './network.ts';
import { createObjectLosses } from './object-loss.ts';
import { illumination, probeIntensity } from './probe.ts';
import {
  canvasSide,
  extract,
  merge,
  neighborDistance,
  type GroupGeometry,
  type ReassemblyPlan,
} from './reassembly.ts';
import type { Tensor, TensorFlow } from './runtime.ts';
import type { ScanTensors } from './scan-tensors.ts';

/** Network and physics of one model on one scan: patterns → object → diffraction → loss (model spec §2–§9). */
export interface ForwardModel {
  readonly lossWeights: LossWeights;
  /** How a group's patches meet; null when patterns go one by one (`objectBig` false). */
  readonly reassembly: ReassemblyPlan | null;
  objectMaps(weights: Weights, input: Tensor4D, inspect?: Inspect): ObjectMaps;
  /**
   * The object in the units that the physics takes: the maps, and with a trainable scale d the amplitude times exp(d).
   */
  physicalMaps(weights: Weights, input: Tensor4D): ObjectMaps;
  /** Far field of an object, (b·C, N, 2, N) [column, real|imaginary, row] (model spec §5–§7) */
  propagate(maps: ObjectMaps, geometry: GroupGeometry | null): Tensor;
  /** Predicted amplitude, (b·C, N, N) [column, row] */
  amplitude(weights: Weights, batch: BatchTensors): Tensor;
  /** Loss per pattern without its constant, not normalised, (b·C); a group's loss is the sum over its members. */
  losses(weights: Weights, batch: BatchTensors): Tensor1D;
  dispose(): void;
}

type ProbeAndScales = Pick<ScanTensors, 'N' | 'C' | 'relative' | 'probeRe' | 'probeIm'> & {
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
  const { N } = model;
  const C = channelsOf(model);
  const weightsOfTerms = lossWeights(loss, model);
  const kernels = createKernels(tf);
  const network: Network = createNetwork(tf, kernels, model);
  const diffraction: Diffraction = createDiffraction(tf, N, illumination(model, scan.probeRe, scan.probeIm));
  const terms = createLosses(tf, diffraction, scan.scales.physics);
  const objectTerms = createObjectLosses(tf, N, model.probeBig);
  const reassembly: ReassemblyPlan | null = model.objectBig
    ? {
        N,
        C,
        M: canvasSide(N, model.gridsize, neighborDistance(model, scan.relative)),
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

  const physicalMaps = (weights: Weights, input: Tensor4D): ObjectMaps => {
    const { amplitude, phase } = objectMaps(weights, input);
    if (!model.intensityScaleTrainable) return { amplitude, phase };
    return { amplitude: tf.mul(amplitude, tf.exp(weights(LOG_SCALE))), phase };
  };

  const propagate = (maps: ObjectMaps, geometry: GroupGeometry | null): Tensor => {
    const object = tf.stack(complexParts(tf, maps), 1); // (b, 2, N, N, Cout)
    if (reassembly === null) return diffraction.farField(tf.reshape(object, [-1, 2, N, N]));
    assert(geometry !== null, 'a merged model needs the geometry of its groups');
    const patches = tf.transpose(object, [0, 1, 4, 2, 3]); // (b, 2, C, N, N)
    const cut = extract(tf, merge(tf, patches, geometry), geometry);
    return diffraction.farField(tf.reshape(tf.transpose(cut, [0, 2, 1, 3, 4]), [-1, 2, N, N]));
  };

  return {
    lossWeights: weightsOfTerms,
    reassembly,
    objectMaps,
    physicalMaps,
    propagate,
    amplitude: (weights, batch) =>
      diffraction.amplitude(propagate(physicalMaps(weights, batch.input), batch.geometry)),
    losses(weights, batch) {
      const { poisson, mae, totalVariation, objectError } = weightsOfTerms;
      const maps = physicalMaps(weights, batch.input);
      const parts: Tensor1D[] = [];
      if (poisson + mae > 0) {
        const field = propagate(maps, batch.geometry);
        if (poisson > 0) parts.push(tf.mul(terms.poissonDeviance(field, batch.target), poisson));
        if (mae > 0) parts.push(tf.mul(terms.absoluteError(field, batch.target, matchedPatterns), mae));
      }
      if (totalVariation > 0) parts.push(tf.mul(objectTerms.totalVariation(maps), totalVariation));
      if (objectError > 0) {
        assert(batch.labels !== undefined, 'the batch lacks its labels');
        parts.push(tf.mul(objectTerms.error(maps, batch.labels), objectError));
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
