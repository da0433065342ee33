/** Patterns per second over the last few answers, and the time left: what a progress bar needs. */
export class Throughput {
  readonly #windowMs: number;
  readonly #marks: { atMs: number; patterns: number }[] = [];
  #startedMs: number | null = null;

  constructor(windowMs = 20_000) {
    this.#windowMs = windowMs;
  }

  add(patterns: number, nowMs: number): void {
    this.#startedMs ??= nowMs;
    this.#marks.push({ atMs: nowMs, patterns });
    while (this.#marks.length > 2 && nowMs - (this.#marks[0]?.atMs ?? nowMs) > this.#windowMs)
      this.#marks.shift();
  }

  patternsPerSecond(): number {
    const first = this.#marks[0];
    const last = this.#marks.at(-1);
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
    // The first mark opens the window: its patterns were computed before it.
    const patterns = this.#marks.slice(1).reduce((sum, mark) => sum + mark.patterns, 0);
    return (1000 * patterns) / (last.atMs - first.atMs);
  }
}
