/** Time as the outside world sees it. Only edges own one; nothing that makes results may read it. */
export interface Clock {
  /** Milliseconds of a monotonic clock. */
  nowMs(): number;
}

/** Structured log: a constant message, values in fields. pino implements it. */
export interface Logger {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
