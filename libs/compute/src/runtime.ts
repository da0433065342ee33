import { arch, cpus } from 'node:os';
import { createRequire } from 'node:module';
import * as util from 'node:util';
import { isMainThread } from 'node:worker_threads';
import type * as TensorFlowCore from '@tensorflow/tfjs-core';
import { Fault, messageOf } from '@ptychofleet/base';

export type TensorFlow = typeof TensorFlowCore;
export type Tensor = TensorFlowCore.Tensor;

/** What fixes the bits of one gradient besides the code (design: runtime, "Bit-for-bit reproducibility"). */
export interface RuntimePins {
  readonly intraOpThreads: number;
  readonly interOpThreads: number;
  readonly oneDnn: boolean;
  /** Upper bound of the instruction set that oneDNN may use, for example `AVX2`; null leaves it to the machine. */
  readonly oneDnnIsaMax: string | null;
  readonly tensorFloat32: boolean;
  /** Only kernels that repeat bit by bit; matters on a GPU. */
  readonly deterministicKernels: boolean;
}

export const defaultPins: RuntimePins = {
  intraOpThreads: 1,
  interOpThreads: 1,
  oneDnn: true,
  oneDnnIsaMax: null,
  tensorFloat32: false,
  deterministicKernels: true,
};

/** Everything that must match between workers before equal bits can be promised. */
export interface NumericsClass {
  readonly tensorflow: string;
  readonly binding: string;
  readonly device: 'cpu' | 'gpu';
  readonly architecture: string;
  readonly processor: string;
  readonly pins: RuntimePins;
}

let pins: RuntimePins | null = null;
let loaded: TensorFlow | null = null;

/**
 * Pins threads and kernels. Call it on the main thread before TensorFlow loads and before a compute thread starts: the
 * native library reads the process's environment, of which a worker thread has only a copy.
 */
export function configureRuntime(chosen: Partial<RuntimePins> = {}): void {
  if (loaded !== null || !isMainThread) {
    const message =
      'the runtime must be configured on the main thread before TensorFlow loads; call it at start-up';
    throw new Fault('failed-precondition', message);
  }
  pins = { ...defaultPins, ...chosen };
  Object.assign(process.env, environmentOf(pins));
}

/** The variables that the native library reads. */
export function environmentOf(pins: RuntimePins): Record<string, string> {
  return {
    TF_CPP_MIN_LOG_LEVEL: '2',
    TF_NUM_INTRAOP_THREADS: String(pins.intraOpThreads),
    TF_NUM_INTEROP_THREADS: String(pins.interOpThreads),
    OMP_NUM_THREADS: String(pins.intraOpThreads),
    TF_ENABLE_ONEDNN_OPTS: pins.oneDnn ? '1' : '0',
    TF_DETERMINISTIC_OPS: pins.deterministicKernels ? '1' : '0',
    TF_CUDNN_DETERMINISTIC: pins.deterministicKernels ? '1' : '0',
    // Else the first worker takes all memory of a GPU, and none is left for its neighbours.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    NVIDIA_TF32_OVERRIDE: pins.tensorFloat32 ? '1' : '0',
    ...(pins.oneDnnIsaMax === null ? {} : { ONEDNN_MAX_CPU_ISA: pins.oneDnnIsaMax }),
  };
}

/** The pins behind {@link environmentOf}, or null where nobody has set them. */
export function pinsOf(environment: Readonly<Record<string, string | undefined>>): RuntimePins | null {
  const {
    TF_NUM_INTRAOP_THREADS: intraOp,
    TF_NUM_INTEROP_THREADS: interOp,
    TF_ENABLE_ONEDNN_OPTS: oneDnn,
  } = environment;
  if (intraOp === undefined || interOp === undefined || oneDnn === undefined) return null;
  return {
    intraOpThreads: Number(intraOp),
    interOpThreads: Number(interOp),
    oneDnn: oneDnn === '1',
    oneDnnIsaMax: environment.ONEDNN_MAX_CPU_ISA ?? null,
    tensorFloat32: environment.NVIDIA_TF32_OVERRIDE === '1',
    deterministicKernels: environment.TF_DETERMINISTIC_OPS === '1',
  };
}

/** A compute thread inherits what the main thread pinned; guessing here would put a false record in the run's manifest. */
function pinsInForce(): RuntimePins {
  if (pins !== null) return pins;
  if (isMainThread) configureRuntime();
  else pins = pinsOf(process.env);
  if (pins !== null) return pins;
  const message =
    'no thread pins in the environment; call configureRuntime on the main thread before this thread starts';
  throw new Fault('failed-precondition', message);
}

/**
 * TensorFlow.js on the native library, loaded on first use: nothing that only imports this package pays for it.
 * @throws Fault `failed-precondition` when the binding or the library is not in place.
 */
export function tensorflow(): TensorFlow {
  if (loaded !== null) return loaded;
  pinsInForce();
  restoreRemovedUtilities();
  const require = createRequire(import.meta.url);
  try {
    loaded = require('@tensorflow/tfjs-node-gpu') as TensorFlow;
  } catch (error) {
    const fix = 'run `npm run setup` to provide libtensorflow and its binding';
    throw new Fault(
      'failed-precondition',
      `TensorFlow does not load (${messageOf(error)}); ${fix}`,
      {},
      { cause: error },
    );
  }
  return loaded;
}

/** Tensors that live now: flat from step to step, or something leaks. */
export function tensorCount(): number {
  return tensorflow().memory().numTensors;
}

export function numericsClass(): NumericsClass {
  const backend = nativeBackend(tensorflow());
  return {
    tensorflow: String(backend.binding.TF_Version),
    binding: tensorflow().version_core,
    device: backend.isUsingGpuDevice ? 'gpu' : 'cpu',
    architecture: arch(),
    processor: cpus()[0]?.model ?? 'unknown',
    pins: pinsInForce(),
  };
}

/** An attribute of a native kernel, as the binding wants it. */
export interface KernelAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The part of tfjs-node's back end that runs a TensorFlow kernel by name. */
export interface NativeBackend {
  readonly binding: Readonly<Record<string, number>>;
  readonly isUsingGpuDevice: boolean;
  executeSingleOutput(
    kernel: string,
    attributes: readonly KernelAttribute[],
    inputs: readonly Tensor[],
  ): Tensor;
}

export function nativeBackend(tf: TensorFlow): NativeBackend {
  return tf.backend() as unknown as NativeBackend;
}

/** tfjs-node calls functions of `node:util` that Node 23 removed. */
function restoreRemovedUtilities(): void {
  const target = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  const removed: Record<string, (value: unknown) => boolean> = {
    isArray: Array.isArray,
    isBoolean: (value) => typeof value === 'boolean',
    isNullOrUndefined: (value) => value === null || value === undefined,
    isNumber: (value) => typeof value === 'number',
    isObject: (value) => value !== null && typeof value === 'object',
    isString: (value) => typeof value === 'string',
    isTypedArray: (value) => util.types.isTypedArray(value),
  };
  for (const [name, test] of Object.entries(removed)) target[name] ??= test;
}
