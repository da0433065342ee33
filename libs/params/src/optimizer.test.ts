import { bytesOf } from '@ptychofleet/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createOptimizer, type OptimizerSpec } from './index.ts';

const size = 5;
const slab = fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: size, maxLength: size });
const spec: fc.Arbitrary<OptimizerSpec> = fc.record({
  kind: fc.constantFrom('adam' as const, 'adamw' as const, 'sgd' as const),
  beta1: fc.constantFrom(0.9, 0.5),
  beta2: fc.constantFrom(0.999, 0.9),
  epsilon: fc.constant(1e-8),
  weightDecay: fc.constantFrom(0, 0.01),
  momentum: fc.constantFrom(0, 0.9),
});

describe('optimisers', () => {
  it('go on with the same bytes after its state was taken over in the middle of a run', () => {
    fc.assert(
      fc.property(
        spec,
        slab,
        fc.array(slab, { minLength: 1, maxLength: 9 }),
        fc.nat(8),
        (s, start, gradients, cut) => {
          const straight = Float32Array.from(start);
          const whole = createOptimizer(s, size);
          for (const g of gradients) whole.step(straight, Float32Array.from(g), 0.01);

          const weights = Float32Array.from(start);
          let optimizer = createOptimizer(s, size);
          gradients.forEach((g, i) => {
            if (i === cut) {
              const before = optimizer;
              optimizer = createOptimizer(s, size);
              optimizer.importState(before.lendState());
              // What was taken over is a copy: what the old optimiser does next must not reach it.
              before.step(weights.slice(), Float32Array.from(g), 0.5);
            }
            optimizer.step(weights, Float32Array.from(g), 0.01);
          });
          expect(bytesOf(weights)).toEqual(bytesOf(straight));
          expect(optimizer.lendState()).toEqual(whole.lendState());
        },
      ),
    );
  });

  it('treat each entry alone, so a slab may be cut anywhere', () => {
    fc.assert(
      fc.property(spec, slab, fc.array(slab, { minLength: 1, maxLength: 5 }), (s, start, gradients) => {
        const together = Float32Array.from(start);
        const optimizer = createOptimizer(s, size);
        for (const g of gradients) optimizer.step(together, Float32Array.from(g), 0.01);
        const apart = start.map((value, i) => {
          const weight = Float32Array.of(value);
          const single = createOptimizer(s, 1);
          for (const g of gradients) single.step(weight, Float32Array.of(g[i]), 0.01);
          return weight[0];
        });
        expect([...together]).toEqual(apart);
      }),
    );
  });

  it('refuse a state of another kind or size', () => {
    const base = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, momentum: 0.9 };
    const adam = createOptimizer({ kind: 'adam', ...base }, 3);
    expect(() => adam.importState(createOptimizer({ kind: 'sgd', ...base }, 3).lendState())).toThrow(
      /velocity/,
    );
    expect(() => adam.importState(createOptimizer({ kind: 'adam', ...base }, 4).lendState())).toThrow(
      /3 floats/,
    );
    expect(() => adam.step(new Float32Array(4), new Float32Array(4), 1)).toThrow(/4 floats/);
  });
});
