import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '@ptychofleet/base';
import type { Tensor, TensorFlow } from '../runtime.ts';
import { nativeBinding } from './binding.ts';
import { graphTag } from './graph-def.ts';
import { forms, toGraph, type Forms, type SavedGraph } from './saved-graph.ts';
import type { Program } from './program.ts';
import { record, TraceRefusal } from './recorder.ts';
import { replay } from './replay.ts';

/** A computation: results that depend on the values of `inputs` alone, and on what never changes. */
export interface Call {
  readonly inputs: readonly Tensor[];
  readonly compute: () => Tensor[];
}

/** A function as one graph; where none gives its bits, its recorded operations one by one. */
interface Frozen {
  run(inputs: readonly Tensor[]): Tensor[];
  dispose(): void;
}

interface Recorded {
  readonly kind: 'recorded';
  readonly program: Program;
  readonly calls: number;
  /** It gave the bits of the operations for the inputs of one call; null before. */
  readonly graph: Frozen | null;
  /** Forms that are left to be tried, that of the graph first. */
  readonly left: Forms;
}

type Stage = Recorded | { readonly kind: 'frozen'; readonly frozen: Frozen } | { readonly kind: 'eager' };

/** Calls before the first comparison: whoever has just joined, or has little to do, is not kept from it. */
const callsBeforeGraph = 8;

/** Graphs kept: gradient, loss and prediction of a few shapes. */
const graphsMax = 8;

/**
 * Runs functions of fixed shape, the first times as their recorded operations one by one, later as one graph
 * each (design: runtime, "Trace and freeze"). The bits are those of the operations one by one, or there is no graph: it is
 * taken only if recordings with different inputs are equal, and if it gives the bytes of the operations for two sets of inputs.
 * One check at a time, since somebody waits for the results.
 */
export class TracedFunctions {
  readonly #tf: TensorFlow;
  readonly #note: (text: string) => void;
  readonly #callsBefore: number;
  readonly #stages = new Map<string, Stage>();
  #forms = forms;

  /**
   * @param note is told in one sentence when a function stays without a graph.
   * @param callsBefore calls of a function before a graph is tried.
   */
  constructor(tf: TensorFlow, note: (text: string) => void, callsBefore = callsBeforeGraph) {
    this.#tf = tf;
    this.#note = note;
    this.#callsBefore = callsBefore;
  }

  /**
   * The results of `call`; call it within a `tidy`.
   * @param name which function it is; the shapes of the inputs need not be part of it.
   * @param other the same function with other values of every input, for the comparison before the graph is taken.
   */
  run(name: string, call: Call, other: () => Call): Tensor[] {
    const key = `${name} ${call.inputs.map(({ shape }) => `[${shape.join()}]`).join('')}`;
    const stage = this.#stages.get(key);
    if (stage?.kind === 'frozen') return stage.frozen.run(call.inputs);
    if (stage?.kind === 'eager') return call.compute();
    try {
      if (stage === undefined) return this.#first(key, call);
      // Whoever is called once never pays for it.
      if (stage.calls === 1) this.#recordOther(stage.program, other);
      const results = replay(this.#tf, stage.program, call.inputs);
      this.#keep(key, this.#next(name, stage, { inputs: call.inputs, results }, other));
      return results;
    } catch (error) {
      if (!(error instanceof TraceRefusal)) throw error;
      if (stage !== undefined) disposeOf(stage);
      this.#keep(key, { kind: 'eager' });
      this.#note(`${name} runs operation by operation, not as one graph: ${error.message}`);
      return call.compute();
    }
  }

  dispose(): void {
    for (const stage of this.#stages.values()) disposeOf(stage);
    this.#stages.clear();
  }

  #first(key: string, { inputs, compute }: Call): Tensor[] {
    const program = record(this.#tf, inputs, compute);
    const results = replay(this.#tf, program, inputs);
    this.#keep(key, { kind: 'recorded', program, graph: null, left: this.#forms, calls: 1 });
    return results;
  }

  /** @throws TraceRefusal when a recording with other inputs is another program. */
  #recordOther(program: Program, other: () => Call): void {
    this.#tf.tidy(() => {
      const { inputs, compute } = other();
      record(this.#tf, inputs, compute, program);
    });
  }

  /** What a recorded function is for the next call: one comparison with its operations further. */
  #next(
    name: string,
    stage: Recorded,
    done: { readonly inputs: readonly Tensor[]; readonly results: readonly Tensor[] },
    other: () => Call,
  ): Stage {
    const tf = this.#tf;
    const { program, left } = stage;
    const calls = stage.calls + 1;
    if (calls <= this.#callsBefore) return { ...stage, calls };
    try {
      const graph = stage.graph ?? load(tf, toGraph(program, nativeBinding(tf), left[0]));
      const agrees = tf.tidy(() => {
        if (stage.graph === null) return gives(tf, graph, done.inputs, done.results);
        const { inputs } = other();
        return gives(tf, graph, inputs, replay(tf, program, inputs));
      });
      if (agrees && stage.graph === null) return { ...stage, graph, calls };
      if (agrees) {
        // What one function needs, the others of the same network do.
        this.#forms = left;
        return { kind: 'frozen', frozen: graph };
      }
      graph.dispose();
      const [, next, ...rest] = left;
      if (next !== undefined) return { ...stage, graph: null, left: [next, ...rest], calls };
      throw new TraceRefusal('the graph gives other bytes');
    } catch (error) {
      if (!(error instanceof TraceRefusal)) throw error;
      this.#note(`${name} runs operation by operation, not as one graph: ${error.message}`);
      const run = (inputs: readonly Tensor[]) => replay(tf, program, inputs);
      return { kind: 'frozen', frozen: { run, dispose: () => undefined } };
    }
  }

  #keep(key: string, stage: Stage): void {
    this.#stages.delete(key);
    this.#stages.set(key, stage);
    const [oldest] = this.#stages;
    if (this.#stages.size <= graphsMax || oldest === undefined) return;
    disposeOf(oldest[1]);
    this.#stages.delete(oldest[0]);
  }
}

function disposeOf(stage: Stage): void {
  if (stage.kind === 'frozen') stage.frozen.dispose();
  else if (stage.kind === 'recorded') stage.graph?.dispose();
}

/** Whether a graph gives these bits. */
function gives(
  tf: TensorFlow,
  graph: Frozen,
  inputs: readonly Tensor[],
  expected: readonly Tensor[],
): boolean {
  return tf.tidy(() => graph.run(inputs).every((tensor, i) => sameBits(tf, tensor, expected[i] as Tensor)));
}

/** Compares in TensorFlow, so that no copy of a gradient waits for the garbage collector. */
function sameBits(tf: TensorFlow, a: Tensor, b: Tensor): boolean {
  const { bits } = nativeBinding(tf);
  return tf.tidy(() => tf.all(tf.equal(bits(a), bits(b))).dataSync()[0] === 1);
}

/** @throws TraceRefusal when TensorFlow does not take the graph. */
function load(tf: TensorFlow, { savedModel, inputNames, outputNames, resultCount }: SavedGraph): Frozen {
  const native = nativeBinding(tf);
  const { functions } = native;
  // TensorFlow reads a graph from a folder and keeps all of it, so nothing stays on disk that somebody else could change.
  const directory = mkdtempSync(join(tmpdir(), 'ptychofleet-graph-'));
  let id: number;
  try {
    writeFileSync(join(directory, 'saved_model.pb'), savedModel, { mode: 0o600 });
    id = functions.loadSavedModel(directory, graphTag);
  } catch (error) {
    throw new TraceRefusal(messageOf(error), { cause: error });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const [inputs, fetched] = [inputNames.join(), outputNames.join()];
  return {
    run(tensors) {
      const results = functions.runSavedModel(id, native.idsOf(tensors), inputs, fetched);
      for (const { id } of results.slice(resultCount)) functions.deleteTensor(id);
      return results.slice(0, resultCount).map((info) => native.tensorOf(info));
    },
    dispose: () => functions.deleteSavedModel(id),
  };
}
