import type { KernelAttribute } from '../runtime.ts';

export interface ValueKind {
  readonly shape: readonly number[];
  /** TensorFlow's number for the type. */
  readonly dtype: number;
}

/** A value that a program makes, by the order in which it does. */
export type Slot = number;

/** A value from outside that is the same in every call. */
export interface Constant extends ValueKind {
  readonly kind: 'constant';
  readonly slots: readonly [Slot];
  readonly values: ArrayBufferView;
}

export interface Input extends ValueKind {
  readonly kind: 'input';
  readonly slots: readonly [Slot];
}

export interface KernelCall {
  readonly kind: 'kernel';
  readonly kernel: string;
  readonly attributes: readonly KernelAttribute[];
  readonly inputs: readonly Slot[];
  readonly slots: readonly Slot[];
  readonly outputs: readonly ValueKind[];
}

export type Instruction = Constant | Input | KernelCall;

/** What a function does: its kernel calls in order, those who need a value after those who make it. Inputs come first. */
export interface Program {
  readonly instructions: readonly Instruction[];
  readonly results: readonly Slot[];
}
