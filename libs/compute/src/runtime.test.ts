import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '@ptychofleet/base';
import { configureRuntime, environmentOf, numericsClass, pinsOf, tensorflow } from './runtime.ts';

describe('runtime pins', () => {
  const anyPins = fc.record({
    intraOpThreads: fc.integer({ min: 1, max: 128 }),
    interOpThreads: fc.integer({ min: 1, max: 128 }),
    oneDnn: fc.boolean(),
    oneDnnIsaMax: fc.constantFrom(null, 'AVX2', 'AVX512_CORE'),
    tensorFloat32: fc.boolean(),
    deterministicKernels: fc.boolean(),
  });

  it('can be read back from the environment that they make', () => {
    fc.assert(
      fc.property(anyPins, (pins) => {
        expect(pinsOf(environmentOf(pins))).toEqual(pins);
      }),
    );
  });

  it('are unknown where nobody set them', () => {
    expect(pinsOf({ PATH: '/bin' })).toBeNull();
  });

  it('cannot change once TensorFlow is loaded', () => {
    tensorflow();
    expect(() => configureRuntime({ intraOpThreads: 2 })).toThrow(Fault);
  });

  it('are part of the numerics class, with the native version and device', () => {
    const numerics = numericsClass();
    expect(numerics.tensorflow).toMatch(/^\d+\.\d+\.\d+/);
    expect(numerics.pins.intraOpThreads).toBe(1);
    expect(['cpu', 'gpu']).toContain(numerics.device);
  });
});
