import { readFileSync } from 'node:fs';
import { bytesOf, RandomSequence, RandomStream } from '@ptychofleet/base';
import { describe, expect, it } from 'vitest';
import wabt from 'wabt';
import { adamMemory, slabsIn } from './adam-kernel.ts';
import { ownHands } from './slab-work.ts';
import { adamStep, type AdamNumbers, type AdamSlabs } from './adam-step.ts';
import { adamWasm } from './kernels/adam.gen.ts';

const seed = 20261128;
console.info(`adam kernel: seed ${seed}`);
const random = new RandomSequence(new RandomStream(seed, 'adam kernel'));
/** Magnitudes from far below the smallest normal float32 to 2^20, zeros among them. */
const value = (): number =>
  random.integer(8) === 0 ? 0 : (2 * random.uniform() - 1) * 2 ** (random.integer(180) - 160);

function slabsOf(size: number): AdamSlabs {
  const slab = (): Float32Array => Float32Array.from({ length: size }, value);
  return { weights: slab(), firstMoment: slab(), secondMoment: slab().map(Math.abs), gradient: slab() };
}

const numbersOf = (step: number, weightDecay: number, decoupled: boolean): AdamNumbers => ({
  ...{ beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  l2: decoupled ? 0 : weightDecay,
  decay: decoupled ? 1 - 1e-3 * weightDecay : 1,
  rate: 1e-3 / (1 - 0.9 ** step),
  scale: 1 / Math.sqrt(1 - 0.999 ** step),
});

describe('the vector kernel of Adam', () => {
  // Around what is worth such a memory, odd and even, and a piece and a bit more.
  it.each([65_535, 65_536, 65_537, 81_919, 81_920, 81_921])(
    'has the bytes of the definition over %i weights',
    (size) => {
      const slabs = slabsOf(size);
      const plain = { ...slabs, weights: slabs.weights.slice() };
      const memory = adamMemory(size);
      if (size < 65_536) return expect(memory).toBeNull();
      const resident = slabsIn(memory!, size);
      for (const name of ['weights', 'firstMoment', 'secondMoment'] as const) resident[name].set(slabs[name]);
      for (const [step, decay, decoupled] of [
        [1, 0, false],
        [2, 0.01, false],
        [3, 0.01, true],
        [400, 0, true],
      ] as const) {
        const numbers = numbersOf(step, decay, decoupled);
        ownHands.work({ kind: 'adam', memory: memory!, gradient: slabs.gradient, numbers });
        adamStep(plain, numbers, 0, size);
        for (const name of ['weights', 'firstMoment', 'secondMoment'] as const)
          expect(Buffer.compare(bytesOf(resident[name]), bytesOf(plain[name])), `${name}, step ${step}`).toBe(
            0,
          );
      }
    },
  );

  it('takes no memory for more weights than it can address', () => {
    expect(adamMemory(2 ** 30)).toBeNull();
  });

  it('is what its text assembles to', async () => {
    const text = readFileSync(new URL('kernels/adam.wat', import.meta.url), 'utf8');
    const { buffer } = (await wabt()).parseWat('adam.wat', text, { simd: true, threads: true }).toBinary({});
    expect(Buffer.from(buffer).toString('base64')).toBe(adamWasm);
  });
});
