import { assert, type Digest } from '@ptychofleet/base';
import { isFinal, type RunPhase } from '@ptychofleet/run';
import type { RunRow, StoredArtifact, StoredRun } from '@ptychofleet/store';
import { toStruct, type JsonObject, type Run, type RunEvent } from '@ptychofleet/wire';
import type { EpochSummary } from './job.ts';
import type { RunJournal } from './run-journal.ts';

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
  readonly row: RunRow;
  readonly artifacts = new Map<string, { digest: Digest; size: number }>();
  readonly #spec: JsonObject;
  readonly #journal: RunJournal;
  readonly #history: Kept[] = [];
  readonly #watchers = new Set<(event: RunEvent) => void>();
  readonly #epochs: EpochRow[] = [];
  #progress: ProgressRow;
  #phase: RunPhase = 'queued';
  #reason = '';
  #closed = false;
  #stepsTold = 0;

  /** @param journal is told of everything that is kept. */
  constructor(row: RunRow, journal: RunJournal) {
    this.runId = row.runId;
    this.row = row;
    this.#spec = JSON.parse(row.spec) as JsonObject;
    this.#journal = journal;
    this.#progress = {
      epoch: 0,
      step: 0,
      loss: 0,
      patternsPerSecond: 0,
      remainingSeconds: 0,
      workerCount: 0,
      learningRate: 0,
      epochCount: row.epochCount,
      stepCount: row.stepCount,
    };
  }

  /** The record as it was before a restart. */
  static restored(
    run: StoredRun,
    events: readonly unknown[],
    artifacts: readonly StoredArtifact[],
    journal: RunJournal,
  ): RunRecord {
    const record = new RunRecord(run, journal);
    for (const event of events as readonly Kept[]) {
      record.#history.push(event);
      record.#stepsTold = Number(event.stepFinished?.step ?? record.#stepsTold);
      if (event.epochFinished) record.#epochs.push(event.epochFinished as EpochRow);
    }
    for (const { name, digest, size } of artifacts) record.artifacts.set(name, { digest, size });
    record.#phase = run.phase as RunPhase;
    record.#reason = run.reason;
    record.#closed = isFinal(record.#phase);
    record.#progress = { ...record.#progress, epoch: record.#epochs.length };
    return record;
  }

  get phase(): RunPhase {
    return this.#phase;
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
      kind: this.row.kind === 'training' ? 'RUN_KIND_TRAINING' : 'RUN_KIND_INFERENCE',
      state: stateOfPhase[this.#phase],
      reason: this.#reason,
      spec: toStruct(this.#spec) as Run['spec'],
      specDigest: this.row.specDigest,
      progress: this.#progress,
      epochs: [...this.#epochs],
      artifacts: [...this.artifacts].map(([name, { digest, size }]) => ({ name, digest, sizeBytes: size })),
      warnings: [...this.row.warnings],
    };
  }

  /** The state as the machine has it; a final state is told last, after the artifacts. */
  setPhase(phase: RunPhase, reason: string): void {
    if (this.#phase === phase && this.#reason === reason) return;
    this.#phase = phase;
    this.#reason = reason;
    // Before the watchers hear of it: the final event is the one after which they close.
    this.#closed = isFinal(phase);
    this.#journal.take({ type: 'phase', runId: this.runId, phase, reason });
    this.#keep({ stateChanged: this.toMessage() });
    if (this.#closed) this.#watchers.clear();
  }

  setProgress(progress: ProgressRow): void {
    this.#progress = progress;
    const event: RunEvent = { sequence: this.#history.length, progress };
    for (const watcher of [...this.#watchers]) watcher(event);
  }

  /** A step, or below an epoch, that was told before a restart is not told again. */
  addStep(row: StepRow): void {
    const step = Number(row.step);
    if (step <= this.#stepsTold) return;
    this.#stepsTold = step;
    this.#keep({ stepFinished: row });
  }

  addEpoch(row: EpochRow): void {
    if (row.epoch <= this.#epochs.length) return;
    this.#epochs.push(row);
    this.#keep({ epochFinished: row });
  }

  /** Epochs that a checkpoint has behind it, told like all others; how long they took is not known. */
  addPastEpochs(history: readonly EpochSummary[]): void {
    history.forEach(({ validationLoss, ...summary }, index) => {
      const validated = validationLoss === null ? {} : { validationLoss };
      this.addEpoch({ epoch: index + 1, ...summary, ...validated, patternsPerSecond: 0, seconds: 0 });
    });
  }

  addNote(text: string): void {
    this.#keep({ note: text });
  }

  addArtifact(name: string, digest: Digest, size: number): void {
    assert(!this.#closed, 'artifacts come before the end');
    this.artifacts.set(name, { digest, size });
    this.#journal.take({ type: 'artifact', runId: this.runId, artifact: { name, digest, size } });
    this.#keep({ artifactReady: { name, digest, sizeBytes: size } });
  }

  /** A checkpoint gave way to a better one. */
  dropArtifact(name: string): void {
    this.artifacts.delete(name);
    this.#journal.take({ type: 'artifact-dropped', runId: this.runId, name });
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
    // Before anybody is told: a client that comes back after a restart asks for what follows.
    this.#journal.note({ type: 'event', runId: this.runId, sequence: kept.sequence, event: kept });
    for (const watcher of [...this.#watchers]) watcher(kept);
  }
}
