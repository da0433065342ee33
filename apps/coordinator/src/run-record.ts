import { assert, type Digest } from '@ptychofleet/base';
import { isFinal, type RunPhase } from '@ptychofleet/run';
import { toStruct, type JsonObject, type Run, type RunEvent } from '@ptychofleet/wire';

type Kept = RunEvent & { sequence: number };
export type EpochRow = Run['epochs'][number];
export type StepRow = NonNullable<RunEvent['stepFinished']>;
export type ProgressRow = NonNullable<Run['progress']>;

const stateOfPhase: Record<RunPhase, Run['state']> = {
  queued: 'RUN_STATE_QUEUED',
  running: 'RUN_STATE_RUNNING',
  paused: 'RUN_STATE_PAUSED',
  succeeded: 'RUN_STATE_SUCCEEDED',
  failed: 'RUN_STATE_FAILED',
  cancelled: 'RUN_STATE_CANCELLED',
};

/** What clients may know of a run: its present state and its history. Progress is live only, everything else is kept. */
export class RunRecord {
  readonly runId: string;
  readonly artifacts = new Map<string, { digest: Digest; size: number }>();
  readonly #kind: Run['kind'];
  readonly #spec: JsonObject;
  readonly #specDigest: Digest;
  readonly #warnings: readonly string[];
  readonly #history: Kept[] = [];
  readonly #watchers = new Set<(event: RunEvent) => void>();
  readonly #epochs: EpochRow[] = [];
  #progress: ProgressRow;
  #phase: RunPhase = 'queued';
  #reason = '';
  #closed = false;

  constructor(
    runId: string,
    kind: 'training' | 'inference',
    spec: JsonObject,
    specDigest: Digest,
    warnings: readonly string[],
    counts: { epochCount: number; stepCount: number },
  ) {
    this.runId = runId;
    this.#kind = kind === 'training' ? 'RUN_KIND_TRAINING' : 'RUN_KIND_INFERENCE';
    this.#spec = spec;
    this.#specDigest = specDigest;
    this.#warnings = warnings;
    this.#progress = {
      epoch: 0,
      step: 0,
      loss: 0,
      patternsPerSecond: 0,
      remainingSeconds: 0,
      workerCount: 0,
      learningRate: 0,
      ...counts,
    };
  }

  get closed(): boolean {
    return this.#closed;
  }

  get epochs(): readonly EpochRow[] {
    return this.#epochs;
  }

  toMessage(): Run {
    return {
      runId: this.runId,
      kind: this.#kind,
      state: stateOfPhase[this.#phase],
      reason: this.#reason,
      spec: toStruct(this.#spec) as Run['spec'],
      specDigest: this.#specDigest,
      progress: this.#progress,
      epochs: [...this.#epochs],
      artifacts: [...this.artifacts].map(([name, { digest, size }]) => ({ name, digest, sizeBytes: size })),
      warnings: [...this.#warnings],
    };
  }

  /** The state as the machine has it; a final state is told last, after the artifacts. */
  setPhase(phase: RunPhase, reason: string): void {
    if (this.#phase === phase && this.#reason === reason) return;
    this.#phase = phase;
    this.#reason = reason;
    // Before the watchers hear of it: the final event is the one after which they close.
    this.#closed = isFinal(phase);
    this.#keep({ stateChanged: this.toMessage() });
    if (this.#closed) this.#watchers.clear();
  }

  setProgress(progress: ProgressRow): void {
    this.#progress = progress;
    const event: RunEvent = { sequence: this.#history.length, progress };
    for (const watcher of [...this.#watchers]) watcher(event);
  }

  addStep(row: StepRow): void {
    this.#keep({ stepFinished: row });
  }

  addEpoch(row: EpochRow): void {
    this.#epochs.push(row);
    this.#keep({ epochFinished: row });
  }

  addNote(text: string): void {
    this.#keep({ note: text });
  }

  addArtifact(name: string, digest: Digest, size: number): void {
    assert(!this.#closed, 'artifacts come before the end');
    this.artifacts.set(name, { digest, size });
    this.#keep({ artifactReady: { name, digest, sizeBytes: size } });
  }

  /** Replays the history from `fromSequence` on, then follows; returns how to stop. */
  watch(fromSequence: number, onEvent: (event: RunEvent) => void): () => void {
    for (const event of this.#history) if (event.sequence >= fromSequence) onEvent(event);
    if (!this.#closed) this.#watchers.add(onEvent);
    return () => this.#watchers.delete(onEvent);
  }

  #keep(event: RunEvent): void {
    const kept = { ...event, sequence: this.#history.length + 1 };
    this.#history.push(kept);
    for (const watcher of [...this.#watchers]) watcher(kept);
  }
}
