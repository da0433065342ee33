import { assert, type RandomSequence } from '@ptychofleet/base';
import { stirlingRemainder } from '../stirling.ts';

/** One Poisson draw of the given mean; exact up to double precision, a function of the draws alone. */
export function poissonDraw(mean: number, draws: RandomSequence): number {
  assert(mean >= 0 && mean < 2 ** 52, `Poisson mean out of range: ${mean}`);
  if (mean === 0) return 0;
  return mean < 10 ? byInversion(mean, draws) : byRejection(mean, draws);
}

/** Walks up the cumulative distribution. */
function byInversion(mean: number, draws: RandomSequence): number {
  // 53 random bits: 32 would cut the tail off at 2e-10.
  const high = Math.floor(draws.uniform() * 2 ** 26);
  let rest = (high * 2 ** 27 + Math.floor(draws.uniform() * 2 ** 27)) / 2 ** 53;
  let probability = Math.exp(-mean);
  let k = 0;
  while (rest >= probability && probability > 0) {
    rest -= probability;
    k++;
    probability *= mean / k;
  }
  return k;
}

/** PTRS, transformed rejection with squeeze (Hörmann, Insurance: Mathematics and Economics 12, 1993). */
function byRejection(mean: number, draws: RandomSequence): number {
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const squeeze = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = draws.uniform() - 0.5;
    const v = draws.uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= squeeze) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (Math.log((v * inverseAlpha) / (a / (us * us) + b)) <= logProbability(k, mean)) return k;
  }
}

/** ln of the Poisson probability, without the cancellation of its large terms. */
function logProbability(k: number, mean: number): number {
  return k === 0 ? -mean : k * Math.log(mean / k) + (k - mean) - stirlingRemainder(k);
}
