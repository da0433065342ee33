import { parentPort, workerData } from 'node:worker_threads';
import { assert, messageOf, type ContentDigest } from '@ptychofleet/base';
import { createEngine, numericsPassport, type Engine, type MicroBatch } from '@ptychofleet/compute';
import { decodePrepared, type PreparedScan } from '@ptychofleet/data';
import type { ComputeData, ComputeResult, ComputeTask, FromCompute, ToCompute } from './compute-messages.ts';
import { gradientOfBlock, requireWanted } from './gradient-of-block.ts';

/**
 * The thread that owns TensorFlow. Its calls are synchronous and last up to seconds, so nothing that must answer in
 * time (heartbeats, streams) may live here.
 */
const enginesMax = 2;
const scans = new Map<ContentDigest, PreparedScan>();
const weights = new Map<ContentDigest, Float32Array>();
const engines = new Map<string, { engine: Engine; weightsDigest: ContentDigest | null }>();
assert(parentPort !== null, 'compute runs in a thread of its own');
const port = parentPort;
const { lives } = workerData as ComputeData;

const send = (message: FromCompute, transfer: ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer);

const note = (text: string): void => send({ type: 'note', text });

function engineFor(task: ComputeTask): Engine {
  const key = JSON.stringify([task.model, task.loss, task.scanDigest]);
  let entry = engines.get(key);
  if (entry === undefined) {
    const scan = scans.get(task.scanDigest);
    assert(scan !== undefined, `scan ${task.scanDigest} was not sent`);
    const [oldest] = engines;
    if (engines.size >= enginesMax && oldest !== undefined) {
      oldest[1].engine.dispose();
      engines.delete(oldest[0]);
    }
    entry = { engine: createEngine(task.model, task.loss, scan, { note }), weightsDigest: null };
  } else engines.delete(key);
  engines.set(key, entry); // the last one used is the last one evicted
  if (entry.weightsDigest !== task.weightsDigest) {
    const slab = weights.get(task.weightsDigest);
    assert(slab !== undefined, `weights ${task.weightsDigest} were not sent`);
    entry.engine.setWeights(slab);
    entry.weightsDigest = task.weightsDigest;
  }
  return entry.engine;
}

function onlyBatch({ microBatches }: ComputeTask): MicroBatch {
  const [groupIndices] = microBatches;
  assert(groupIndices !== undefined, 'a task has a micro-batch');
  return { groupIndices };
}

function compute(task: ComputeTask, isWanted: () => boolean): ComputeResult {
  requireWanted(isWanted);
  const started = performance.now();
  const engine = engineFor(task);
  const finish = (lossSum: number, groupCount: number, values: Float32Array): ComputeResult => ({
    lossSum,
    groupCount,
    values,
    computeMs: performance.now() - started,
  });
  switch (task.kind) {
    case 'gradient': {
      const { lossSum, groupCount, gradient } = gradientOfBlock(engine, task.microBatches, isWanted);
      return finish(lossSum, groupCount, gradient);
    }
    case 'loss': {
      const { lossSum, groupCount } = engine.loss(onlyBatch(task));
      return finish(lossSum, groupCount, new Float32Array(0));
    }
    case 'prediction': {
      const batch = onlyBatch(task);
      const groupCount = batch.groupIndices.filter((group) => group >= 0).length;
      return finish(0, groupCount, engine.predict(batch, task.cropSide));
    }
  }
}

/** Gives their memory back. Tensors of an engine may still share it, so that the engine must be given weights again before it computes. */
function forgetWeights(digest: ContentDigest): void {
  const memory = weights.get(digest)?.buffer as ArrayBuffer | undefined;
  weights.delete(digest);
  if (memory === undefined) return;
  for (const entry of engines.values()) if (entry.weightsDigest === digest) entry.weightsDigest = null;
  send({ type: 'spare', memory }, [memory]);
}

port.on('message', (message: ToCompute) => {
  switch (message.type) {
    case 'scan':
      scans.set(message.digest, decodePrepared(message.bytes));
      return;
    case 'weights':
      weights.set(message.digest, message.slab);
      return;
    case 'forget':
      scans.delete(message.digest);
      forgetWeights(message.digest);
      return;
    case 'task':
      try {
        const result = compute(message.task, () => Atomics.load(lives, 0) === message.life);
        send({ type: 'result', id: message.id, result }, [result.values.buffer as ArrayBuffer]);
      } catch (error) {
        send({ type: 'failure', id: message.id, reason: messageOf(error) });
      }
  }
});

send({ type: 'ready', numerics: numericsPassport() });
