import { assert, RandomStream, unreachable } from '@ptychofleet/base';
import type { ModelSpec } from '@ptychofleet/config';
import { viewOf, type ParameterLayout, type PlacedTensor } from '@ptychofleet/params';
import { fromReference } from './reference-layout.ts';
import { LOG_SCALE } from './tensors.ts';

/**
 * How weights start (model spec §4).
 * - `torch`: weight and bias uniform in ±1/√fanIn, the reference's default
 * - `glorot`: weight uniform in ±√(6/(fanIn+fanOut)), bias 0
 * - `he`: what leaves the flat-object plateau, see {@link steadyStart} and docs/fidelity.md
 * - `hash`: the golden files' fill, `base` selects the sequence; ignores `seed`
 */
export interface InitSpec {
  readonly kind: 'torch' | 'glorot' | 'he' | 'hash';
  readonly seed: number;
  readonly base?: number;
  /** `he`: amplitude that the network emits at first; the scan's target amplitude, so that it starts at the right scale. */
  readonly amplitudeStart?: number;
}

/**
 * One slab of initial weights: a pure function of its arguments, tensor by tensor, so that no tensor's draw
 * depends on which others exist.
 */
export function initialWeights(layout: ParameterLayout, init: InitSpec, model: ModelSpec): Float32Array {
  const slab = new Float32Array(layout.size);
  layout.tensors.forEach((tensor, index) => {
    if (tensor.name === LOG_SCALE) return; // exp(0) = 1: no rescaling at the start
    viewOf(layout, slab, tensor.name).set(drawn(tensor, index, init));
  });
  if (init.kind === 'he' && init.amplitudeStart !== undefined) {
    const bias = inverseActivation(model.ampActivation, init.amplitudeStart);
    viewOf(layout, slab, 'decoder_amp.amp.conv1.bias').fill(bias);
  }
  assert(
    model.intensityScaleTrainable === layout.tensors.some(({ name }) => name === LOG_SCALE),
    'layout of another model',
  );
  return slab;
}

function drawn(tensor: PlacedTensor, index: number, init: InitSpec): Float32Array {
  const stream = new RandomStream(init.seed, `initial-weights/${tensor.name}`);
  const bias = tensor.role === 'bias';
  switch (init.kind) {
    case 'torch':
      return uniform(tensor.size, stream, 1 / Math.sqrt(tensor.fanIn));
    case 'glorot':
      return bias
        ? new Float32Array(tensor.size)
        : uniform(tensor.size, stream, Math.sqrt(6 / (tensor.fanIn + tensor.fanOut)));
    case 'he':
      return steadyStart(tensor, stream);
    case 'hash':
      return fromReference(tensor, hashFill(tensor.size, tensor.fanIn, index, init.base ?? 0));
    default:
      return unreachable(init.kind);
  }
}

/**
 * Uniform ±√(6/fanIn) keeps the variance through ReLU layers (He et al. 2015), where the reference's ±1/√fanIn loses a factor 6
 * of it a layer and the maps end up independent of the pattern. Attention gates begin open, both heads begin
 * flat (central weights small, outer ring zero), so that the first steps do not fold the signal up again.
 * Uniform rather than normal, so that only exact arithmetic makes the bits.
 */
function steadyStart(tensor: PlacedTensor, stream: RandomStream): Float32Array {
  const { name, size, fanIn } = tensor;
  if (tensor.role === 'bias')
    return new Float32Array(size).fill(name.endsWith('ChannelGate.mlp.3.bias') ? 2 : 0);
  if (/(ChannelGate|SpatialGate)/.test(name)) return uniform(size, stream, 1 / Math.sqrt(fanIn));
  const limit = Math.sqrt(6 / fanIn);
  if (/\.(amp|phase)\.conv1\.weight$/.test(name)) return uniform(size, stream, 0.01 * limit);
  if (/\.(amp|phase)\.conv2\.weight$/.test(name)) return new Float32Array(size);
  return uniform(size, stream, limit);
}

/** The input at which an amplitude activation gives `value` > 0. */
export function inverseActivation(activation: ModelSpec['ampActivation'], value: number): number {
  assert(value > 0, `an amplitude to start from is positive: ${value}`);
  switch (activation) {
    case 'relu':
      return value;
    case 'softplus':
      return Math.log(Math.expm1(value));
    case 'sigmoid':
      assert(value < 1, `a sigmoid stays below 1: ${value}`);
      return Math.log(value / (1 - value));
    case 'swish': {
      // Increasing on the positive axis, where t/2 ≤ t·sigmoid(t) ≤ t.
      let [low, high] = [value, 2 * value];
      for (let i = 0; i < 60; i++) {
        const middle = (low + high) / 2;
        if (middle / (1 + Math.exp(-middle)) < value) low = middle;
        else high = middle;
      }
      return high;
    }
    default:
      return unreachable(activation);
  }
}

function uniform(size: number, stream: RandomStream, limit: number): Float32Array {
  // A loop: `Float32Array.from` takes four times as long, and a network has millions of weights.
  const values = stream.uniforms(size);
  const weights = new Float32Array(size);
  for (let i = 0; i < size; i++) weights[i] = (2 * (values[i] as number) - 1) * limit;
  return weights;
}

/** Values of parameter number `index` in the reference's flat order (model spec §4, golden README). */
function hashFill(size: number, fanIn: number, index: number, base: number): Float32Array {
  const start = Math.imul(0x9e3779b9, index + 1 + base);
  const limit = Math.sqrt(1 / fanIn);
  return Float32Array.from({ length: size }, (_, i) => ((2 * (mix(i + start) >>> 8)) / 2 ** 24 - 1) * limit);
}

function mix(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return (hash ^ (hash >>> 16)) >>> 0;
}
