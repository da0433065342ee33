/** The numbers of one step; none depends on the weights. */
export interface AdamNumbers {
  readonly beta1: number;
  readonly beta2: number;
  /** L2 term added to the gradient. */
  readonly l2: number;
  /** Factor of the weights: 1 without decoupled decay. */
  readonly decay: number;
  /** Learning rate over the first moment's bias correction. */
  readonly rate: number;
  /** One over the root of the second moment's bias correction. */
  readonly scale: number;
  readonly epsilon: number;
}

export interface AdamSlabs {
  readonly weights: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
  /** Only read. */
  readonly gradient: Float32Array;
}

/** One step over the weights `from` … `to` − 1 (training spec §6). This is the definition; {@link ./adam-kernel.ts} has its bits. */
export function adamStep(slabs: AdamSlabs, numbers: AdamNumbers, from: number, to: number): void {
  const { weights, firstMoment: m, secondMoment: v, gradient } = slabs;
  const { beta1, beta2, l2, decay, rate, scale, epsilon } = numbers;
  for (let i = from; i < to; i++) {
    const g = gradient[i] + l2 * weights[i];
    const mean = Math.fround(beta1 * m[i] + (1 - beta1) * g);
    const square = Math.fround(beta2 * v[i] + (1 - beta2) * g * g);
    m[i] = mean;
    v[i] = square;
    weights[i] = decay * weights[i] - (rate * mean) / (Math.sqrt(square) * scale + epsilon);
  }
}
