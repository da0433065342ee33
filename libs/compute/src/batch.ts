import type { Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import { assert } from '@ptychofleet/base';
import { groupGeometry, type GroupGeometry, type ReassemblyPlan } from './reassembly.ts';
import type { TensorFlow } from './runtime.ts';
import type { ScanTensors } from './scan-tensors.ts';

/** The groups of one micro-batch. The length is fixed for a run; -1 pads. */
export interface MicroBatch {
  readonly groupIndices: Int32Array;
}

/** One micro-batch on the device. */
export interface BatchTensors {
  /** (b, N, N, C), or (b·C, N, N, 1) when patterns go one by one. */
  readonly input: Tensor4D;
  /** S·X, (b·C, N, N), each pattern transposed to [column, row] as the far field is. */
  readonly target: Tensor3D;
  /** null when patterns go one by one. */
  readonly geometry: GroupGeometry | null;
  /** In the layout of `input`; left out where the scan has none. */
  readonly labels?: LabelTensors;
}

/** The object that the network should emit. */
export interface LabelTensors {
  readonly amplitude: Tensor4D;
  /** Radians. */
  readonly phase: Tensor4D;
}

/** A micro-batch on the host, padding replaced by its first group so that every value is a real one. */
export interface HostBatch {
  /** Groups, padding included. */
  readonly b: number;
  /** (b·C) pattern of each place. */
  readonly members: Int32Array;
  /** (b·C, N, N) amplitudes. */
  readonly amplitudes: Float32Array;
  /** (b, C, 2) */
  readonly relative: Float32Array;
  /** (b): 1 for a real group, 0 for padding. */
  readonly real: Uint8Array;
  readonly groupCount: number;
}

/** Gathers a micro-batch's patterns and positions; the assertion catches a scheduler's error, not a user's. */
export function gather(scan: ScanTensors, batch: MicroBatch): HostBatch {
  const { N, C } = scan;
  const indices = batch.groupIndices;
  const first = indices.find((index) => index >= 0);
  assert(first !== undefined, 'a micro-batch must hold at least one group');
  const b = indices.length;
  const members = new Int32Array(b * C);
  const relative = new Float32Array(b * C * 2);
  const real = Uint8Array.from(indices, (index) => (index >= 0 ? 1 : 0));
  indices.forEach((index, row) => {
    const group = index >= 0 ? index : first;
    assert(group < scan.groupCount, `group ${group} of ${scan.groupCount}`);
    relative.set(scan.relative.subarray(group * C * 2, (group + 1) * C * 2), row * C * 2);
    for (let member = 0; member < C; member++) {
      members[row * C + member] = scan.groups[group * C + member] as number;
    }
  });
  const amplitudes = framesOf(scan.patterns, members, N);
  return { b, members, amplitudes, relative, real, groupCount: real.reduce((a, x) => a + x, 0) };
}

/** A micro-batch of the same length whose groups, where the scan has more than one, and whose padding are others. */
export function otherGroups({ groupIndices }: MicroBatch, groupCount: number): MicroBatch {
  const moved = groupIndices.map((group) => (Math.max(group, 0) + 1) % groupCount);
  const last = moved.length - 1;
  if (last > 0 && groupIndices[last] !== -1) moved[last] = -1;
  return { groupIndices: moved };
}

/** One frame of a stack (n, N, N) for each member, (b·C, N, N). */
function framesOf(stack: Float32Array, members: Int32Array, N: number): Float32Array {
  const area = N * N;
  const frames = new Float32Array(members.length * area);
  members.forEach((pattern, place) =>
    frames.set(stack.subarray(pattern * area, (pattern + 1) * area), place * area),
  );
  return frames;
}

/** (b·C, N, N) → (b, N, N, C) when `together`, else (b·C, N, N, 1). */
export function inputTensor(
  tf: TensorFlow,
  amplitudes: Float32Array,
  N: number,
  C: number,
  together: boolean,
): Tensor4D {
  const patterns = amplitudes.length / (N * N);
  if (!together || C === 1) return tf.tensor4d(amplitudes, [patterns, N, N, 1]);
  const interleaved = new Float32Array(amplitudes.length);
  for (let pattern = 0; pattern < patterns; pattern++) {
    const target = (pattern - (pattern % C)) * N * N + (pattern % C);
    const source = pattern * N * N;
    for (let i = 0; i < N * N; i++) interleaved[target + i * C] = amplitudes[source + i] as number;
  }
  return tf.tensor4d(interleaved, [patterns / C, N, N, C]);
}

/** S·X with each pattern transposed, (b·C, N, N). */
export function targetTensor(
  tf: TensorFlow,
  amplitudes: Float32Array,
  N: number,
  physicsScale: number,
): Tensor3D {
  const target = new Float32Array(amplitudes.length);
  for (let base = 0; base < amplitudes.length; base += N * N) {
    for (let row = 0; row < N; row++) {
      for (let column = 0; column < N; column++) {
        target[base + column * N + row] = physicsScale * (amplitudes[base + row * N + column] as number);
      }
    }
  }
  return tf.tensor3d(target, [amplitudes.length / (N * N), N, N]);
}

/** Everything of a micro-batch that does not depend on weights. @param plan null when patterns go one by one. */
export function batchTensors(
  tf: TensorFlow,
  scan: ScanTensors,
  plan: ReassemblyPlan | null,
  host: HostBatch,
): BatchTensors {
  const { N, C, labels } = scan;
  const together = plan !== null;
  const labelTensor = (stack: Float32Array) =>
    inputTensor(tf, framesOf(stack, host.members, N), N, C, together);
  return {
    input: inputTensor(tf, host.amplitudes, N, C, together),
    target: targetTensor(tf, host.amplitudes, N, scan.scales.physics),
    geometry: plan === null ? null : groupGeometry(tf, plan, host.relative),
    ...(labels && {
      labels: { amplitude: labelTensor(labels.amplitude), phase: labelTensor(labels.phase) },
    }),
  };
}
