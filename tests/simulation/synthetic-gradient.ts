import { RandomSequence, RandomStream } from '@ptychofleet/base';

/** Floats of the synthetic network. */
export const weightCount = 24;
const groupsMax = 512;

/**
 * One stiffness and one target per group and weight. Stiffness spans 2^±12 and changes sign, so that float32 sums of gradients
 * round differently in nearly every other order of addition: the property the whole simulation lives on.
 */
const table = makeTable();

function makeTable(): { stiffness: Float32Array; target: Float32Array } {
  const random = new RandomSequence(new RandomStream(1, 'synthetic-gradient'));
  const stiffness = new Float32Array(groupsMax * weightCount);
  const target = new Float32Array(groupsMax * weightCount);
  for (let i = 0; i < stiffness.length; i++) {
    const sign = random.uniform() < 0.4 ? -1 : 1;
    stiffness[i] = sign * (1 + random.uniform()) * 2 ** (random.integer(25) - 12);
    target[i] = 4 * random.uniform() - 2;
  }
  return { stiffness, target };
}

export interface SyntheticGradient {
  readonly gradient: Float32Array;
  readonly lossSum: number;
  readonly groupCount: number;
}

/**
 * Summed gradient, float32 (weightCount), of one micro-batch: a pure function of the weights and the groups, like that of the
 * compute thread. The loss is Σ stiffness·(w − target)²/2; places of −1 are padding.
 */
export function syntheticGradient(weights: Float32Array, groupIndices: Int32Array): SyntheticGradient {
  const gradient = new Float32Array(weightCount);
  let lossSum = 0;
  let groupCount = 0;
  for (const group of groupIndices) {
    if (group < 0) continue;
    groupCount += 1;
    const start = (group % groupsMax) * weightCount;
    for (let i = 0; i < weightCount; i++) {
      const away = weights[i] - table.target[start + i];
      const force = table.stiffness[start + i] * away;
      gradient[i] += force;
      lossSum += 0.5 * force * away;
    }
  }
  return { gradient, lossSum, groupCount };
}

/** Of all bits; a polynomial instead of SHA-256, which would be most of the simulation. */
export function digestOfWords({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): number {
  const words = new Uint32Array(buffer, byteOffset, byteLength / 4);
  let sum = 1;
  for (let i = 0; i < words.length; i++) sum = (Math.imul(sum, 0x01000193) ^ words[i]) | 0;
  return sum;
}

export function initialWeights(): Float32Array {
  return Float32Array.from({ length: weightCount }, (_, i) => (i - weightCount / 2) / 16);
}
