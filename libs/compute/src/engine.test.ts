import { describe, expect, it } from 'vitest';
import { AssertionError, Fault } from '@ptychofleet/base';
import { lossSpecSchema, type LossSpec, type ModelSpec } from '@ptychofleet/config';
import { initialWeights, LOG_SCALE } from '@ptychofleet/model';
import { viewOf } from '@ptychofleet/params';
import { createEngine, type Engine } from './engine.ts';
import { modelWith, relativeError } from './model.test-support.ts';
import { tensorflow } from './runtime.ts';
import { syntheticScan } from './scan.test-support.ts';

const small: Partial<ModelSpec> = { nFiltersScale: 1, objectBig: false };
const pair: Partial<ModelSpec> = { nFiltersScale: 1, gridsize: 2, objectBig: true };
const poisson = lossSpecSchema.parse({});
const groupsOf = (...indices: number[]) => ({ groupIndices: Int32Array.from(indices) });

function engineWith(fields: Partial<ModelSpec>, loss: LossSpec = poisson, groupCount = 4) {
  const model = modelWith(fields);
  const scan = syntheticScan(model, groupCount);
  const engine = createEngine(model, loss, scan);
  const weights = initialWeights(engine.layout, { kind: 'torch', seed: 3 }, model);
  viewOf(engine.layout, weights, 'decoder_amp.amp.conv1.bias').fill(0.5);
  engine.setWeights(weights);
  return { model, scan, engine, weights };
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}

describe('gradient', () => {
  const losses: Record<string, LossSpec> = {
    poisson,
    mae: { ...poisson, kind: 'mae' },
    'rescaled mae': { ...poisson, kind: 'mae', maePredL2MatchTarget: true },
    mixed: { ...poisson, nllWeight: 0.5, maeWeight: 0.5 },
    'total variation': { ...poisson, realspaceWeight: 1e3, tvWeight: 2 },
    'compared object': { ...poisson, realspaceWeight: 1e3, realspaceMaeWeight: 0.5 },
  };
  const models: Record<string, Partial<ModelSpec>> = {
    'one pattern': small,
    'a merged group': pair,
    'a merged group by probe weight': { ...pair, trainingPatchWeighting: 'probe' },
    'a trainable scale': { ...small, intensityScaleTrainable: true },
    'a masked probe and a gated bottleneck': { ...small, probeMask: true, cbamBottleneck: true },
    'four outer channels': { ...small, headVariant: 'tensorflow', ampActivation: 'softplus' },
    'labelled groups': { ...pair, modelType: 'supervised' },
    'labelled centres': { ...small, modelType: 'supervised', probeBig: false, ampActivation: 'sigmoid' },
    'nine patterns by uniform weight': { ...pair, gridsize: 3, trainingPatchWeighting: 'uniform' },
    'patterns of a group one by one': { ...pair, objectBig: false, ampActivation: 'relu' },
  };
  const cases = [
    ...Object.keys(models).map((model) => ['poisson', model] as const),
    ...Object.keys(losses).map((loss) => [loss, 'a merged group'] as const),
  ];

  it.each(cases)('is the slope of the %s loss of %s', (loss, model) => {
    const { engine, weights } = engineWith(models[model] as Partial<ModelSpec>, losses[loss] as LossSpec);
    const batch = groupsOf(0, 1);
    const { gradient, lossSum } = engine.gradient(batch);
    expect(engine.loss(batch).lossSum).toBeCloseTo(lossSum, 3);
    // Along the gradient itself the slope is largest, so that float32 rounding of the two losses weighs least.
    const norm = Math.sqrt(dot(gradient, gradient));
    const step = 1e-3;
    const lossAt = (distance: number) => {
      engine.setWeights(weights.map((weight, i) => weight + (distance * (gradient[i] as number)) / norm));
      return engine.loss(batch).lossSum;
    };
    const slope = (lossAt(step) - lossAt(-step)) / (2 * step);
    expect(Math.abs(slope / norm - 1)).toBeLessThan(0.003);
    engine.dispose();
  });

  it('repeats bit by bit and does not depend on what was computed before', () => {
    const { engine } = engineWith(pair);
    const first = engine.gradient(groupsOf(0, 1));
    engine.gradient(groupsOf(3, 2));
    const again = engine.gradient(groupsOf(0, 1));
    expect(Buffer.from(again.gradient.buffer).equals(Buffer.from(first.gradient.buffer))).toBe(true);
    expect(again.lossSum).toBe(first.lossSum);
    engine.dispose();
  });

  it.each([
    ['one pattern', small],
    ['merged groups', pair],
  ])('of a padded micro-batch (%s) sums over real groups only', (_, fields) => {
    const { engine } = engineWith(fields);
    const padded = engine.gradient(groupsOf(2, -1, -1));
    const alone = engine.gradient(groupsOf(2));
    const twice = engine.gradient(groupsOf(2, 0, 0));
    expect(padded.groupCount).toBe(1);
    expect(padded.lossSum / alone.lossSum).toBeCloseTo(1, 5);
    const distance = padded.gradient.map((value, i) => value - (alone.gradient[i] as number));
    expect(Math.sqrt(dot(distance, distance) / dot(alone.gradient, alone.gradient))).toBeLessThan(1e-3);
    expect(twice.groupCount).toBe(3);
    expect(Math.abs(twice.lossSum / padded.lossSum)).toBeGreaterThan(1.5);
    engine.dispose();
  });

  it('is additive over groups', () => {
    const { engine } = engineWith(pair);
    const both = engine.gradient(groupsOf(0, 1));
    const parts = [engine.gradient(groupsOf(0, -1)), engine.gradient(groupsOf(1, -1))];
    const sum = (parts[0]?.gradient as Float32Array).map(
      (value, i) => value + (parts[1]?.gradient[i] as number),
    );
    const gap = sum.map((value, i) => value - (both.gradient[i] as number));
    expect(Math.sqrt(dot(gap, gap) / dot(sum, sum))).toBeLessThan(1e-3);
    expect(((parts[0]?.lossSum ?? 0) + (parts[1]?.lossSum ?? 0)) / both.lossSum).toBeCloseTo(1, 5);
    engine.dispose();
  });

  it('leaves parameters at zero that the loss does not reach', () => {
    const { engine } = engineWith({ ...small, probeBig: false });
    const { gradient } = engine.gradient(groupsOf(0));
    for (const { name, offset, size } of engine.layout.tensors) {
      const norm = Math.sqrt(
        gradient.subarray(offset, offset + size).reduce((sum, value) => sum + value ** 2, 0),
      );
      if (/conv_up_block|(amp|phase)\.conv2/.test(name)) expect(norm, name).toBe(0);
      else if (/decoder.*\.blocks/.test(name)) expect(norm, name).toBeGreaterThan(0);
    }
    engine.dispose();
  });
});

describe('engine', () => {
  it('keeps no tensor from call to call, and none after it is disposed of', () => {
    const tf = tensorflow();
    const before = tf.memory().numTensors;
    const { engine, weights } = engineWith(pair);
    const cycle = () => {
      engine.gradient(groupsOf(0, -1));
      engine.loss(groupsOf(1, 2));
      engine.predict(groupsOf(1, 2), 32);
      engine.setWeights(weights);
    };
    cycle();
    const settled = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) cycle();
    expect(tf.memory().numTensors).toBe(settled);
    engine.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('cuts predictions to the centre and blanks padding', () => {
    const { engine, scan, model } = engineWith(pair);
    const whole = engine.predict(groupsOf(1, -1), model.N);
    const side = 20;
    const cut = engine.predict(groupsOf(1, -1), side);
    const start = (model.N - side) / 2;
    for (let channel = 0; channel < scan.C; channel++) {
      for (let row = 0; row < side; row++) {
        const from = 2 * ((channel * model.N + start + row) * model.N + start);
        const to = 2 * (channel * side + row) * side;
        expect(cut.subarray(to, to + 2 * side)).toEqual(whole.subarray(from, from + 2 * side));
      }
    }
    expect(cut.subarray(cut.length / 2).every((value) => value === 0)).toBe(true);
    expect(cut.subarray(0, cut.length / 2).some((value) => value !== 0)).toBe(true);
    engine.dispose();
  });

  it('refuses what it cannot do with the field at fault', () => {
    const model = modelWith(small);
    const refusal = (change: () => Engine) => {
      try {
        change();
      } catch (error) {
        return error instanceof Fault ? error.details.field : error;
      }
      return 'no fault';
    };
    const scan = syntheticScan(model, 1);
    expect(refusal(() => createEngine({ ...model, N: 128 }, poisson, scan))).toBe('scan.N');
    expect(refusal(() => createEngine({ ...model, gridsize: 2 }, poisson, scan))).toBe('scan.C');
    expect(refusal(() => createEngine(model, { ...poisson, nllWeight: 0 }, scan))).toBe('loss.nllWeight');
  });

  it('predicts with a supervised model where there are no labels, and takes a loss without them for a bug', () => {
    const model = modelWith({ ...small, modelType: 'supervised' });
    const { labels: _, ...unlabelled } = syntheticScan(model, 2);
    const engine = createEngine(model, poisson, unlabelled);
    engine.setWeights(initialWeights(engine.layout, { kind: 'torch', seed: 3 }, model));
    expect(engine.predict(groupsOf(0, 1), 20).some((value) => value !== 0)).toBe(true);
    expect(() => engine.loss(groupsOf(0, 1))).toThrow(AssertionError);
    engine.dispose();
  });

  it('predicts the object that the physics takes: a trained scale is in it', () => {
    const { engine, weights } = engineWith({ ...small, intensityScaleTrainable: true });
    const scaled = weights.slice();
    viewOf(engine.layout, scaled, LOG_SCALE)[0] = Math.log(2);
    // The network sees half the pattern and its object counts twice.
    const seen = engineWith({ ...small, inputScale: 0.5 });
    seen.engine.setWeights(weights.subarray(0, seen.engine.layout.size));
    engine.setWeights(scaled);
    const [doubled, single] = [engine, seen.engine].map((one) => one.predict(groupsOf(0, 1), 32));
    expect(relativeError(doubled!, single!.map((value) => 2 * value))).toBeLessThan(1e-5); // prettier-ignore
    engine.dispose();
    seen.engine.dispose();
  });

  it('takes an empty micro-batch for a bug', () => {
    const { engine } = engineWith(small);
    expect(() => engine.gradient(groupsOf(-1, -1))).toThrow(AssertionError);
    engine.dispose();
  });
});
