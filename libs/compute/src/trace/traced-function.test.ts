import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomSequence, RandomStream } from '@ptychofleet/base';
import { lossSpecSchema, type LossSpec, type ModelSpec } from '@ptychofleet/config';
import { initialWeights } from '@ptychofleet/model';
import { createEngine, type Engine } from '../engine.ts';
import { modelWith } from '../model.test-support.ts';
import { tensorflow, type Tensor } from '../runtime.ts';
import { syntheticScan } from '../scan.test-support.ts';
import { nativeBinding, withBinding } from './binding.ts';
import { record } from './recorder.ts';
import { replay } from './replay.ts';
import { forms } from './saved-graph.ts';
import { TracedFunctions } from './traced-function.ts';

const poisson = lossSpecSchema.parse({});
const small: Partial<ModelSpec> = { nFiltersScale: 1, objectBig: false };
const pair: Partial<ModelSpec> = { nFiltersScale: 1, gridsize: 2, objectBig: true };

/** Recording, a comparison for each form, and one more for the form that fits. */
const callsUntilGraph = 2 + forms.length;

/** Kernels that `body` runs one by one. */
function kernelsRun(body: () => void): number {
  const { functions } = nativeBinding(tensorflow());
  let count = 0;
  const executeOp: typeof functions.executeOp = (...args) => {
    count += 1;
    return functions.executeOp(...args);
  };
  withBinding(tensorflow(), { executeOp }, body);
  return count;
}

const bytes = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

describe('an engine that runs graphs', () => {
  const losses: Record<string, LossSpec> = {
    mae: { ...poisson, kind: 'mae' },
    'rescaled mae': { ...poisson, kind: 'mae', maePredL2MatchTarget: true },
    mixed: { ...poisson, nllWeight: 0.5, maeWeight: 0.5, realspaceWeight: 1e3, tvWeight: 2 },
    'compared object': { ...poisson, realspaceWeight: 1e3, realspaceMaeWeight: 0.5 },
  };
  const models: Record<string, Partial<ModelSpec>> = {
    'one pattern': small,
    'one pattern without attention': { ...small, cbamEncoder: false },
    'a merged group': pair,
    'a merged group without attention': { ...pair, cbamEncoder: false },
    'a merged group by probe weight': { ...pair, trainingPatchWeighting: 'probe' },
    'a trainable scale': { ...small, intensityScaleTrainable: true },
    'a masked probe and a gated bottleneck': { ...small, probeMask: true, cbamBottleneck: true },
    'four outer channels': { ...small, headVariant: 'tensorflow', ampActivation: 'softplus' },
    'labelled groups': { ...pair, modelType: 'supervised' },
    'labelled centres': { ...small, modelType: 'supervised', probeBig: false, ampActivation: 'sigmoid' },
    'patterns of a group one by one': { ...pair, objectBig: false, ampActivation: 'relu' },
    'a wider network': { ...small, nFiltersScale: 2 },
  };
  const cases = [
    ...Object.keys(models).map((model) => ['poisson', model] as const),
    ...Object.keys(losses).map((loss) => [loss, 'a merged group without attention'] as const),
  ];

  it.each(cases)('gives the bytes of single operations: %s loss, %s', (lossName, modelName) => {
    const model = modelWith(models[modelName] as Partial<ModelSpec>);
    const loss = losses[lossName] ?? poisson;
    const scan = syntheticScan(model, 5);
    const notes: string[] = [];
    const graph = createEngine(model, loss, scan, { callsBeforeGraph: 1, note: (text) => notes.push(text) });
    const eager = createEngine(model, loss, scan, { execution: 'eager' });
    const first = initialWeights(graph.layout, { kind: 'torch', seed: 5 }, model);
    const batches = [[0, 1], [3, 1], [2, -1], [1, 4]].slice(0, callsUntilGraph); // prettier-ignore
    batches.forEach((groups, step) => {
      const batch = { groupIndices: Int32Array.from(groups) };
      const weights = first.map((weight) => weight * (1 + step / 8));
      for (const engine of [graph, eager]) engine.setWeights(weights);
      const both = <T>(call: (engine: Engine) => T): [T, T] => [call(graph), call(eager)];
      const [traced, single] = both((engine) => engine.gradient(batch));
      expect(bytes(traced.gradient).equals(bytes(single.gradient)), `gradient of step ${step}`).toBe(true);
      expect(single.gradient.some((value) => value !== 0)).toBe(true);
      expect(Object.is(traced.lossSum, single.lossSum)).toBe(true);
      const [tracedLoss, singleLoss] = both((engine) => engine.loss(batch).lossSum);
      expect(Object.is(tracedLoss, singleLoss)).toBe(true);
      const [tracedObject, singleObject] = both((engine) => engine.predict(batch, 20));
      expect(bytes(tracedObject).equals(bytes(singleObject)), `prediction of step ${step}`).toBe(true);
    });
    expect(notes).toEqual([]);
    const last = { groupIndices: Int32Array.of(4, 0) };
    expect(kernelsRun(() => graph.gradient(last))).toBe(0);
    expect(kernelsRun(() => graph.loss(last))).toBe(0);
    expect(kernelsRun(() => graph.predict(last, 20))).toBe(0);
    expect(kernelsRun(() => eager.predict(last, 20))).toBeGreaterThan(50);
    for (const engine of [graph, eager]) engine.dispose();
  });

  it('has a graph for each length of a micro-batch', () => {
    const model = modelWith(small);
    const scan = syntheticScan(model, 4);
    const [graph, eager] = [createEngine(model, poisson, scan, { callsBeforeGraph: 1 }), createEngine(model, poisson, scan, { execution: 'eager' })]; // prettier-ignore
    const weights = initialWeights(graph.layout, { kind: 'torch', seed: 3 }, model);
    for (const engine of [graph, eager]) engine.setWeights(weights);
    for (let round = 0; round <= callsUntilGraph; round++) {
      for (const groups of [[0], [1, 2], [3, 1, 2, 0]]) {
        const batch = { groupIndices: Int32Array.from(groups) };
        expect(graph.loss(batch)).toEqual(eager.loss(batch));
      }
    }
    for (const engine of [graph, eager]) engine.dispose();
  });
});

describe('a traced function', () => {
  const tf = tensorflow();
  let folder: string;
  let before: string | undefined;
  let complexConstant: Tensor | undefined;
  beforeAll(() => {
    complexConstant = tf.complex(tf.fill([3, 40], 2), tf.fill([3, 40], 3));
    folder = mkdtempSync(join(tmpdir(), 'traced-function-test-'));
    before = process.env.TMPDIR;
    process.env.TMPDIR = folder;
  });
  afterAll(() => {
    complexConstant?.dispose();
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(folder, { recursive: true });
  });

  /** Results, number of kernels and notes of calls with other values each, enough for all comparisons. */
  function someCalls(body: (x: Tensor, call: number) => Tensor) {
    const notes: string[] = [];
    const functions = new TracedFunctions(tf, (text) => notes.push(text), 1);
    const input = (seed: number) => {
      const draw = new RandomSequence(new RandomStream(seed, 'traced-function'));
      return tf.tensor2d(
        Float32Array.from({ length: 120 }, () => draw.uniform()),
        [3, 40],
      );
    };
    const calls = Array.from({ length: callsUntilGraph + 1 }, (_, call) => {
      let values: Float32Array = new Float32Array(0);
      const kernels = kernelsRun(() => {
        tf.tidy(() => {
          const x = input(call);
          const other = () => {
            const y = input(call + 10);
            return { inputs: [y], compute: () => [body(y, call + 10)] };
          };
          const [result] = functions.run('it', { inputs: [x], compute: () => [body(x, call)] }, other);
          values = (result as Tensor).dataSync<'float32'>() as Float32Array;
        });
      });
      const expected = tf.tidy(() => body(input(call), call).dataSync<'float32'>() as Float32Array);
      return { kernels, equal: bytes(values).equals(bytes(expected)) };
    });
    functions.dispose();
    return { calls, notes };
  }

  it('runs one by one at first, as a graph later, and leaves no file', () => {
    const { calls, notes } = someCalls((x) => tf.sum(tf.mul(tf.sin(x), tf.scalar(3)), 1));
    expect(calls.map(({ equal }) => equal)).toEqual(calls.map(() => true));
    expect(calls[0]?.kernels).toBeGreaterThan(2);
    expect(calls.at(-1)?.kernels).toBe(0);
    expect(notes).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    [
      'reads what it was not given',
      (x: Tensor, call: number) => tf.mul(x, call + 2),
      /differ in what should be constant/,
    ],
    [
      'takes another way for other values',
      (x: Tensor, call: number) => (call < 10 ? tf.neg(x) : tf.sin(x)),
      /differ/,
    ],
    [
      'looks at values',
      (x: Tensor) => tf.mul(x, tf.max(x).dataSync()[0] as number),
      /reads values of a tensor/,
    ],
    ['is rounded otherwise in a graph', (x: Tensor) => tf.softmax(tf.mul(tf.sin(x), 3)), /other bytes/],
    [
      'reads a complex constant',
      (x: Tensor) => tf.real(tf.mul(tf.complex(x, x), complexConstant as Tensor)),
      /complex constant/,
    ],
    ['uses a kernel whose types are left to be guessed', (x: Tensor) => tf.expandDims(x, 0), /No attr named/],
  ])('that %s is never a graph, and says so once', (_, body, reason) => {
    const { calls, notes } = someCalls(body);
    expect(calls.map(({ equal }) => equal)).toEqual(calls.map(() => true));
    expect(calls.at(-1)?.kernels).toBeGreaterThan(0);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(reason);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('runs one by one without a graph in little memory, and frees everything', () => {
    const depth = 40;
    const body = (x: Tensor) => {
      let value = x;
      for (let i = 0; i < depth; i++) value = tf.sin(tf.add(value, x));
      return value;
    };
    const { functions } = nativeBinding(tf);
    const live = new Set<number>();
    let most = 0;
    const counted: Partial<typeof functions> = {
      executeOp(...args) {
        const outputs = functions.executeOp(...args);
        for (const { id } of outputs) live.add(id);
        most = Math.max(most, live.size);
        return outputs;
      },
      deleteTensor(id) {
        live.delete(id);
        functions.deleteTensor(id);
      },
    };
    const mostOf = (run: (x: Tensor) => Tensor): number => {
      [most] = [0, live.clear()];
      const x = tf.tensor1d([1, 2, 3]);
      withBinding(tf, counted, () => tf.tidy(() => void run(x)));
      x.dispose();
      expect([...live], 'tensors that nobody freed').toEqual([]);
      return most;
    };
    expect(mostOf(body)).toBeGreaterThan(depth);
    expect(
      mostOf(
        (x) =>
          replay(
            tf,
            record(tf, [x], () => [body(x)]),
            [x],
          )[0] as Tensor,
      ),
    ).toBeLessThan(5);
  });

  it('notices a shape that was recorded wrongly', () => {
    tf.tidy(() => {
      const x = tf.ones([1, 4, 4, 2]) as Tensor4D;
      const filter = tf.ones([3, 3, 2, 5]) as Tensor4D;
      const program = record(tf, [x], () => [tf.conv2d(x, filter, 1, 'same')]);
      const [convolution] = program.instructions.flatMap((step) => (step.kind === 'kernel' ? [step] : []));
      expect(convolution?.outputs.map(({ shape }) => shape)).toEqual([[1, 4, 4, 5]]);
      expect(replay(tf, program, [x])[0]?.shape).toEqual([1, 4, 4, 5]);
      const instructions = program.instructions.map((step) =>
        step === convolution ? { ...step, outputs: [{ ...step.outputs[0]!, shape: [1, 4, 4, 6] }] } : step,
      );
      expect(() => replay(tf, { ...program, instructions }, [x])).toThrow(
        'Conv2D gives [[1,4,4,5]], recorded as [[1,4,4,6]]',
      );
    });
  });

  it('tries no graph before it was called so many times', () => {
    const functions = new TracedFunctions(tf, () => {}, 3);
    const loads: number[] = [];
    const { functions: native } = nativeBinding(tf);
    for (let call = 1; call <= 6; call++) {
      const loadSavedModel: typeof native.loadSavedModel = (...args) => {
        loads.push(call);
        return native.loadSavedModel(...args);
      };
      withBinding(tf, { loadSavedModel }, () =>
        tf.tidy(() => {
          const of = (value: number) => {
            const x = tf.scalar(value);
            return { inputs: [x], compute: () => [tf.sin(x)] };
          };
          const [result] = functions.run('sine', of(call), () => of(-call));
          expect((result as Tensor).dataSync()[0]).toBeCloseTo(Math.sin(call), 5);
        }),
      );
    }
    expect(loads).toEqual([4]);
    functions.dispose();
  });

  it('passes a bug on as it is', () => {
    const failing = (x: Tensor) => {
      throw new TypeError(`bad ${x.rank}`);
    };
    expect(() => someCalls(failing)).toThrow('bad 2');
  });

  it('takes another graph for another shape', () => {
    const functions = new TracedFunctions(tf, () => {}, 1);
    for (const size of Array.from({ length: 2 * (callsUntilGraph + 1) }, (_, call) => 2 + (call % 2))) {
      tf.tidy(() => {
        const call = (from: number) => {
          const x = tf.range(from, from + size) as Tensor;
          return { inputs: [x], compute: () => [tf.cumsum(x)] };
        };
        const [result] = functions.run('sum', call(1), () => call(5));
        expect([...(result as Tensor4D).dataSync()]).toEqual([1, 3, 6].slice(0, size));
      });
    }
    functions.dispose();
  });
});
