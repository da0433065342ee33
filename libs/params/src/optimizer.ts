import { assert, Fault } from '@ptychofleet/base';
import { adamMemory, slabsIn } from './adam-kernel.ts';
import { adamStep } from './adam-step.ts';
import type { KernelMemory } from './kernels/load-kernel.ts';
import { ownHands, type Hands } from './slab-work.ts';

export interface OptimizerSpec {
  readonly kind: 'adam' | 'adamw' | 'sgd';
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** L2 term added to the gradient (adam, sgd) or decoupled decay (adamw). */
  readonly weightDecay: number;
  /** sgd only; Nesterov when above 0. */
  readonly momentum: number;
}

/** All that a restart needs besides the weights: slabs of the size of the weights and the number of steps done. */
export interface OptimizerState {
  readonly stepCount: number;
  readonly slabs: Readonly<Record<string, Float32Array>>;
}

/**
 * Updates a flat weight slab (training spec §6). Each new value is computed in float64 by + − × ÷ √ alone and rounded
 * to float32 when stored: IEEE 754 fixes every one of these operations, so equal inputs give equal bits on any machine.
 */
export interface Optimizer {
  readonly stepCount: number;
  /** Memory for the weights, all zero, where `step` is fastest; one optimiser has it once. */
  room(): Float32Array;
  /** Overwrites `weights`; `gradient` is the mean gradient and is only read. */
  step(weights: Float32Array, gradient: Float32Array, learningRate: number): void;
  /** The slabs themselves, which the next step changes: copying them is the caller's, who may have to copy them anyway. */
  lendState(): OptimizerState;
  /** @throws Fault data-loss when the state belongs to another optimiser or size. */
  importState(state: OptimizerState): void;
}

/** @param size number of floats in the slab. */
export function createOptimizer(spec: OptimizerSpec, size: number, hands: Hands = ownHands): Optimizer {
  return spec.kind === 'sgd' ? new Sgd(spec, size) : new Adam(spec, size, hands);
}

class Adam implements Optimizer {
  readonly #spec: OptimizerSpec;
  readonly #hands: Hands;
  /** Where weights and moments lie for a kernel; null where the definition works alone. */
  readonly #memory: KernelMemory | null;
  readonly #resident: Float32Array | null;
  readonly #firstMoment: Float32Array;
  readonly #secondMoment: Float32Array;
  #stepCount = 0;
  // Powers of beta by repeated multiplication: Math.pow may differ in the last bit between engines.
  #beta1Power = 1;
  #beta2Power = 1;

  constructor(spec: OptimizerSpec, size: number, hands: Hands) {
    this.#spec = spec;
    this.#hands = hands;
    this.#memory = adamMemory(size);
    const slabs = this.#memory && slabsIn(this.#memory, size);
    this.#resident = slabs?.weights ?? null;
    this.#firstMoment = slabs?.firstMoment ?? new Float32Array(size);
    this.#secondMoment = slabs?.secondMoment ?? new Float32Array(size);
  }

  room(): Float32Array {
    return this.#resident ?? new Float32Array(this.#firstMoment.length);
  }

  get stepCount(): number {
    return this.#stepCount;
  }

  step(weights: Float32Array, gradient: Float32Array, learningRate: number): void {
    const [firstMoment, secondMoment] = [this.#firstMoment, this.#secondMoment];
    assertSizes(firstMoment.length, weights, gradient);
    this.#advance(1);
    const { beta1, beta2, epsilon, weightDecay, kind } = this.#spec;
    const numbers = {
      ...{ beta1, beta2, epsilon },
      decay: kind === 'adamw' ? 1 - learningRate * weightDecay : 1,
      l2: kind === 'adam' ? weightDecay : 0,
      // Divided once here and not at every weight: divisions and roots are what a step costs.
      rate: learningRate / (1 - this.#beta1Power),
      scale: 1 / Math.sqrt(1 - this.#beta2Power),
    };
    if (this.#memory !== null && this.#resident === weights)
      this.#hands.work({ kind: 'adam', memory: this.#memory, gradient, numbers });
    else adamStep({ weights, firstMoment, secondMoment, gradient }, numbers, 0, weights.length);
  }

  lendState(): OptimizerState {
    const slabs = { firstMoment: this.#firstMoment, secondMoment: this.#secondMoment };
    return { stepCount: this.#stepCount, slabs };
  }

  importState(state: OptimizerState): void {
    const size = this.#firstMoment.length;
    const [firstMoment, secondMoment] = slabsOf(state, ['firstMoment', 'secondMoment'], size);
    this.#firstMoment.set(firstMoment);
    this.#secondMoment.set(secondMoment);
    [this.#stepCount, this.#beta1Power, this.#beta2Power] = [0, 1, 1];
    this.#advance(state.stepCount);
  }

  #advance(steps: number): void {
    for (let step = 0; step < steps; step++) {
      this.#beta1Power *= this.#spec.beta1;
      this.#beta2Power *= this.#spec.beta2;
    }
    this.#stepCount += steps;
  }
}

class Sgd implements Optimizer {
  readonly #spec: OptimizerSpec;
  readonly #velocity: Float32Array;
  #stepCount = 0;

  constructor(spec: OptimizerSpec, size: number) {
    this.#spec = spec;
    this.#velocity = new Float32Array(size);
  }

  room(): Float32Array {
    return new Float32Array(this.#velocity.length);
  }

  get stepCount(): number {
    return this.#stepCount;
  }

  step(weights: Float32Array, gradient: Float32Array, learningRate: number): void {
    const u = this.#velocity;
    assertSizes(u.length, weights, gradient);
    this.#stepCount += 1;
    const { momentum, weightDecay } = this.#spec;
    // u starts at zero, so the first step gives u = g as the specification asks.
    for (let i = 0; i < weights.length; i++) {
      const g = gradient[i] + weightDecay * weights[i];
      u[i] = momentum * u[i] + g;
      weights[i] -= learningRate * (momentum > 0 ? g + momentum * u[i] : g);
    }
  }

  lendState(): OptimizerState {
    return { stepCount: this.#stepCount, slabs: { velocity: this.#velocity } };
  }

  importState(state: OptimizerState): void {
    const [velocity] = slabsOf(state, ['velocity'], this.#velocity.length);
    this.#velocity.set(velocity);
    this.#stepCount = state.stepCount;
  }
}

function assertSizes(size: number, weights: Float32Array, gradient: Float32Array): void {
  assert(weights.length === size, `weights have ${weights.length} floats, optimiser ${size}`);
  assert(gradient.length === size, `gradient has ${gradient.length} floats, optimiser ${size}`);
}

function slabsOf(state: OptimizerState, names: readonly string[], size: number): Float32Array[] {
  const found = Object.keys(state.slabs).sort().join(', ');
  const fits =
    found === [...names].sort().join(', ') &&
    names.every((name) => state.slabs[name].length === size) &&
    Number.isSafeInteger(state.stepCount) &&
    state.stepCount >= 0;
  if (!fits) {
    throw new Fault(
      'data-loss',
      `optimizer state: received slabs ${found || 'none'} at step ${state.stepCount}, expected ${names.join(', ')} of ${size} ` +
        'floats at a step of 0 or more; resume from a checkpoint of this run',
      { field: 'optimizer state', received: found, expected: names.join(', ') },
    );
  }
  return names.map((name) => state.slabs[name]);
}
