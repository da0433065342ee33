import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesOf, messageOf } from '@ptychofleet/base';
import type { Tensor, TensorFlow } from '../runtime.ts';
import { nativeBinding } from './binding.ts';
import { graphTag } from './graph-def.ts';
import { record, TraceRefusal, type Recording } from './recorder.ts';

/** A computation: results that depend on the values of `inputs` alone, and on what never changes. */
export interface Call {
  readonly inputs: readonly Tensor[];
  readonly compute: () => Tensor[];
}

/** A function loaded as one graph. */
interface Graph {
  run(inputs: readonly Tensor[]): Tensor[];
  dispose(): void;
}

type Stage = { readonly kind: 'once' | 'eager' } | { readonly kind: 'graph'; readonly graph: Graph };

/** Graphs kept: gradient, loss and prediction of a few shapes. */
const graphsMax = 8;

/**
 * Runs functions of fixed shape, the first time operation by operation, from the second time on as one graph each
 * (design: runtime, "Trace and freeze"). The bits are those of the operations one by one, or there is no graph: it is taken
 * only if two recordings with different inputs are equal, and if it gives the bytes that both of them gave.
 */
export class TracedFunctions {
  readonly #tf: TensorFlow;
  readonly #note: (text: string) => void;
  readonly #stages = new Map<string, Stage>();

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
    if (stage?.kind === 'graph') return stage.graph.run(call.inputs);
    if (stage?.kind === 'eager') return call.compute();
    if (stage === undefined) {
      this.#keep(key, { kind: 'once' });
      return call.compute();
    }
    try {
      const { graph, outputs } = freeze(this.#tf, call, other());
      this.#keep(key, { kind: 'graph', graph });
      return outputs;
    } catch (error) {
      if (!(error instanceof TraceRefusal)) throw error;
      this.#keep(key, { kind: 'eager' });
      this.#note(`${name} runs operation by operation, not as one graph: ${error.message}`);
      return call.compute();
    }
  }

  dispose(): void {
    for (const stage of this.#stages.values()) if (stage.kind === 'graph') stage.graph.dispose();
    this.#stages.clear();
  }

  #keep(key: string, stage: Stage): void {
    this.#stages.delete(key);
    this.#stages.set(key, stage);
    const [oldest] = this.#stages;
    if (this.#stages.size <= graphsMax || oldest === undefined) return;
    if (oldest[1].kind === 'graph') oldest[1].graph.dispose();
    this.#stages.delete(oldest[0]);
  }
}

/** @throws TraceRefusal */
function freeze(tf: TensorFlow, call: Call, other: Call): { graph: Graph; outputs: Tensor[] } {
  const first = record(tf, call.inputs, call.compute);
  const second = record(tf, other.inputs, other.compute);
  if (!sameBytes(first.savedModel, second.savedModel)) {
    throw new TraceRefusal('two recordings with different inputs differ in what should be constant');
  }
  const graph = load(tf, first);
  const repeats = (inputs: readonly Tensor[], outputs: readonly Tensor[]) =>
    graph.run(inputs).every((tensor, i) => sameBytes(valuesOf(tensor), valuesOf(outputs[i] as Tensor)));
  if (!repeats(call.inputs, first.outputs) || !repeats(other.inputs, second.outputs)) {
    graph.dispose();
    throw new TraceRefusal('the graph gives other bytes');
  }
  return { graph, outputs: first.outputs };
}

const valuesOf = (tensor: Tensor): Uint8Array => bytesOf(tensor.dataSync());

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

function load(tf: TensorFlow, { savedModel, inputNames, outputNames, outputs }: Recording): Graph {
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
      for (const { id } of results.slice(outputs.length)) functions.deleteTensor(id);
      return results.slice(0, outputs.length).map((info) => native.tensorOf(info));
    },
    dispose: () => functions.deleteSavedModel(id),
  };
}
