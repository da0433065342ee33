import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '@ptychofleet/base';
import type { Tensor, TensorFlow } from '../runtime.ts';
import { nativeBinding } from './binding.ts';
import { graphTag } from './graph-def.ts';
import { forms, toGraph, type SavedGraph } from './saved-graph.ts';
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

type Stage =
  | { readonly kind: 'recorded'; readonly program: Program }
  | { readonly kind: 'frozen'; readonly frozen: Frozen }
  | { readonly kind: 'eager' };

/** Graphs kept: gradient, loss and prediction of a few shapes. */
const graphsMax = 8;

/**
 * Runs functions of fixed shape, the first time as their recorded operations one by one, from the second time on as one graph
 * each (design: runtime, "Trace and freeze"). The bits are those of the operations one by one, or there is no graph: it is
 * taken only if recordings with different inputs are equal, and if it gives the bytes of the operations for both.
 */
export class TracedFunctions {
  readonly #tf: TensorFlow;
  readonly #note: (text: string) => void;
  readonly #stages = new Map<string, Stage>();
  #forms = forms;

  /** @param note is told in one sentence when a function stays without a graph. */
  constructor(tf: TensorFlow, note: (text: string) => void) {
    this.#tf = tf;
    this.#note = note;
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
      const program = record(this.#tf, call.inputs, call.compute, stage?.program);
      if (stage === undefined) {
        this.#keep(key, { kind: 'recorded', program });
        return replay(this.#tf, program, call.inputs);
      }
      this.#tf.tidy(() => {
        const { inputs, compute } = other();
        record(this.#tf, inputs, compute, program);
      });
      const { frozen, results } = this.#freeze(name, program, call, other);
      this.#keep(key, { kind: 'frozen', frozen });
      return results;
    } catch (error) {
      if (!(error instanceof TraceRefusal)) throw error;
      this.#keep(key, { kind: 'eager' });
      this.#note(`${name} runs operation by operation, not as one graph: ${error.message}`);
      return call.compute();
    }
  }

  dispose(): void {
    for (const stage of this.#stages.values()) if (stage.kind === 'frozen') stage.frozen.dispose();
    this.#stages.clear();
  }

  #freeze(
    name: string,
    program: Program,
    { inputs }: Call,
    other: () => Call,
  ): { frozen: Frozen; results: Tensor[] } {
    const tf = this.#tf;
    try {
      for (const apart of this.#forms) {
        const frozen = load(tf, toGraph(program, nativeBinding(tf), apart));
        // Nothing of the first comparison stays while the second is made: memory is fullest here.
        const repeats = tf.tidy(() => {
          const { inputs } = other();
          return gives(tf, frozen, inputs, replay(tf, program, inputs));
        });
        const results = repeats ? replay(tf, program, inputs) : [];
        if (repeats && gives(tf, frozen, inputs, results)) {
          // What one function needs, the others of the same network do.
          this.#forms = this.#forms.slice(this.#forms.indexOf(apart));
          return { frozen, results };
        }
        tf.dispose(results);
        frozen.dispose();
      }
      throw new TraceRefusal('the graph gives other bytes');
    } catch (error) {
      if (!(error instanceof TraceRefusal)) throw error;
      this.#note(`${name} runs operation by operation, not as one graph: ${error.message}`);
      const frozen = {
        run: (inputs: readonly Tensor[]) => replay(tf, program, inputs),
        dispose: () => undefined,
      };
      return { frozen, results: frozen.run(inputs) };
    }
  }

  #keep(key: string, stage: Stage): void {
    this.#stages.delete(key);
    this.#stages.set(key, stage);
    const [oldest] = this.#stages;
    if (this.#stages.size <= graphsMax || oldest === undefined) return;
    if (oldest[1].kind === 'frozen') oldest[1].frozen.dispose();
    this.#stages.delete(oldest[0]);
  }
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
