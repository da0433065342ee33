/**
 * Everything that can be wrong outside our own code, with the exit code a command ends with.
 * The wire maps each kind to a gRPC status (libs/wire).
 */
export const errorKinds = {
  'invalid-input': { exitCode: 2 },
  'not-found': { exitCode: 2 },
  'data-loss': { exitCode: 2 },
  'failed-precondition': { exitCode: 2 },
  unsupported: { exitCode: 2 },
  unavailable: { exitCode: 3 },
  exhausted: { exitCode: 1 },
  'run-failed': { exitCode: 1 },
  interrupted: { exitCode: 130 },
} as const;

export type ErrorKind = keyof typeof errorKinds;

export interface FaultDetails {
  /** Dotted field, flag or file entry that is at fault, for example `training.batchSize` or `--batch_size`. */
  readonly field?: string;
  readonly received?: string;
  readonly expected?: string;
}

/**
 * A fault that a user can understand and mend. The message is one sentence without a final full stop
 * that names the field, what was received, what is allowed and how to fix it.
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly kind: ErrorKind;
  readonly details: FaultDetails;

  constructor(kind: ErrorKind, message: string, details: FaultDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.details = details;
  }

  get exitCode(): number {
    return errorKinds[this.kind].exitCode;
  }
}

/** Bad input: exit code 2, nothing started. */
export function invalidInput(field: string, received: unknown, expected: string, fix?: string): Fault {
  const shown = typeof received === 'string' ? received : JSON.stringify(received);
  const message = `${field}: received ${shown}, expected ${expected}${fix === undefined ? '' : `; ${fix}`}`;
  return new Fault('invalid-input', message, { field, received: shown ?? 'nothing', expected });
}

/** The text of whatever was thrown, without a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
