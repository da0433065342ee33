/** Thrown by {@link assert}: a bug in PtychoFleet, never a user's mistake. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** States a condition that only a bug can break. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Marks a branch that the types rule out. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}
