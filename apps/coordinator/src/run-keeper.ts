import { setTimeout } from 'node:timers/promises';
import { Fault, type Clock, type Digest, type Logger } from '@ptychofleet/base';
import { isFinal, stepsBefore, tasksOf, type Block, type RunPhase } from '@ptychofleet/run';
import { differenceOf, type LedgerStep, type RegistryWrite, type SealedFile } from '@ptychofleet/store';
import {
  checkpointName,
  keptEpochs,
  lastCheckpointName,
  type CheckpointPolicy,
} from './checkpoint-policy.ts';
import type { Job } from './job.ts';
import type { RunJournal } from './run-journal.ts';
import type { RunRecord } from './run-record.ts';
import type { Storage } from './storage.ts';

export interface KeepingLimits {
  /** Time of work that a restart may have to do again. */
  readonly checkpointIntervalMs: number;
  /** Pause before something that could not be stored is tried again. */
  readonly storageRetryMs: number;
}

/** Checkpoints for a restart: the newest, and the one before it in case the newest is damaged. */
const checkpointsKept = 2;

/** Keeps one run on the disk: its steps, its checkpoints, its files. A disk that is full holds it up, but does not end it. */
export class RunKeeper {
  readonly journal: RunJournal;
  readonly #storage: Storage;
  readonly #limits: KeepingLimits;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #record: RunRecord;
  readonly #job: Job;
  readonly #policy: CheckpointPolicy | null;
  #workers: Record<string, string> = {};
  #checkpointedMs: number;
  /** Checkpoints are written one after the other, beside the steps. */
  #writing: Promise<void> = Promise.resolve();
  #busy = false;
  /** The last checkpoint that was stored, for its memory. */
  #storedCheckpoint: Uint8Array | null = null;

  constructor(
    storage: Storage,
    limits: KeepingLimits,
    clock: Clock,
    logger: Logger,
    run: {
      readonly record: RunRecord;
      readonly job: Job;
      readonly journal: RunJournal;
      readonly policy: CheckpointPolicy | null;
    },
  ) {
    this.#storage = storage;
    this.#limits = limits;
    this.#clock = clock;
    this.#logger = logger;
    this.#record = run.record;
    this.#job = run.job;
    this.#policy = run.policy;
    this.journal = run.journal;
    this.#checkpointedMs = clock.nowMs();
  }

  /** Notes who computed a block of the present step. */
  computed(block: Block, worker: string): void {
    const tasks = tasksOf(block);
    const [first, last] = [tasks[0], tasks.at(-1)];
    this.#workers[first === last ? `${first}` : `${first}-${last}`] = worker;
  }

  /** Forgets who computed the present step, which begins anew. */
  voidRound(): void {
    this.#workers = {};
  }

  /**
   * Takes a step that ended; it goes into the journal with the epoch that it ends.
   * @throws Fault when it was journaled before a restart and came out otherwise now
   */
  stepEnded(step: LedgerStep): void {
    this.#compareWithJournal(step);
    this.journal.take({ type: 'step', runId: this.#record.runId, step, workers: this.#workers });
    this.#workers = {};
  }

  /** Resolves when all that a round has brought is in the journal: the next one may begin. */
  async roundClosed(epochEnded: boolean): Promise<void> {
    await this.#stored(() => this.journal.flush(epochEnded));
    await this.#checkpointWhenDue(epochEnded);
  }

  /** Stores a file of the run; it is announced when it is there for good. */
  async keepFile(name: string, bytes: Uint8Array): Promise<void> {
    await this.#writing;
    await this.#stored(async () => {
      const digest = await this.#storage.blobs.put(bytes);
      this.#record.addArtifact(name, digest, bytes.length);
      this.journal.flush(true);
    });
  }

  /** Brings the run to its final state: stored first, then told. After that, what only a restart needed goes. */
  async conclude(phase: RunPhase, reason: string): Promise<void> {
    const { runId } = this.#record;
    this.journal.take({ type: 'phase', runId, phase, reason });
    // At once where the disk takes it: whoever cancels is answered with the state.
    if (!this.#storedNow()) await this.#stored(() => this.journal.flush(true));
    this.#record.setPhase(phase, reason);
    await this.#writing;
    await this.#drop(this.#storage.registry.checkpoints(runId));
  }

  /** Before the process ends in order: a restart then repeats nothing. */
  async park(): Promise<void> {
    await this.#writing;
    const file = this.#job.checkpoint(null);
    if (file !== null) await this.#save(await file, this.#stepsDone());
    this.journal.flush(true);
  }

  #compareWithJournal(step: LedgerStep): void {
    const before = this.#storage.registry.step(this.#record.runId, step.step);
    if (before === null) return;
    const difference = differenceOf(before, step, this.#job.ledger?.tensors ?? []);
    if (difference === null) return;
    const where = difference.tensor === null ? difference.in : `${difference.in} of ${difference.tensor}`;
    throw new Fault(
      'run-failed',
      `step ${step.step} came out otherwise than before the restart: the ${where} differs; the workers compute differently now, so start the run anew`,
    );
  }

  async #checkpointWhenDue(epochEnded: boolean): Promise<void> {
    const forUser = epochEnded && this.#policy?.enabled === true;
    const startedMs = this.#clock.nowMs();
    const due = startedMs - this.#checkpointedMs >= this.#limits.checkpointIntervalMs;
    if (!forUser && (!due || this.#busy)) return;
    // A copy of the slabs; all that takes long happens beside the next step.
    const file = this.#job.checkpoint(this.#storedCheckpoint);
    if (file === null) return;
    this.#storedCheckpoint = null;
    const takenMs = this.#clock.nowMs();
    this.#checkpointedMs = takenMs;
    const step = this.#stepsDone();
    const epoch = forUser ? this.#record.epochs.length : null;
    // Disks that are slower than the epochs hold the run up here, instead of filling the memory.
    await this.#writing;
    const [copyMs, waitMs] = [takenMs - startedMs, this.#clock.nowMs() - takenMs];
    const { runId } = this.#record;
    this.#logger.debug({ runId, step, copyMs, waitMs }, 'checkpoint taken');
    this.#busy = true;
    this.#writing = this.#stored(async () => {
      await this.#save(await file, step, epoch);
      this.#storedCheckpoint = (await file).bytes;
    })
      .catch((error: unknown) => this.#logger.error({ err: error }, 'checkpoint could not be written'))
      .finally(() => (this.#busy = false));
  }

  #stepsDone(): number {
    const { plan, position } = this.#job;
    return plan.kind === 'training' && position !== undefined ? stepsBefore(plan, position) : 0;
  }

  /** Writes a checkpoint and points to it; what it replaces goes after that. */
  async #save({ bytes, digest }: SealedFile, step: number, epoch: number | null = null): Promise<void> {
    const { registry, checkpoints, failpoint } = this.#storage;
    const { runId } = this.#record;
    failpoint('checkpoint-before-write');
    await checkpoints.put(bytes, digest);
    const old = registry.checkpoints(runId).filter((other) => other.step !== step);
    this.journal.take({ type: 'checkpoint', runId, checkpoint: { step, digest } });
    const dropped = epoch === null ? [] : this.#announce(epoch, digest, bytes.length);
    this.journal.flush(true);
    await this.#drop(old.slice(checkpointsKept - 1));
    for (const freed of dropped) await this.#deleteIfFree(freed);
    failpoint('checkpoint-after-sweep');
  }

  /** Names the checkpoint of an epoch for the user; returns what gives way to it. */
  #announce(epoch: number, digest: Digest, size: number): Digest[] {
    const policy = this.#policy;
    const record = this.#record;
    // A run that was cancelled meanwhile has told its last file.
    if (policy === null || isFinal(record.phase)) return [];
    const epochs = record.epochs.slice(0, epoch);
    const kept = keptEpochs(policy, epochs);
    const names = new Set(
      epochs.filter((row) => kept.has(row.epoch)).map((row) => checkpointName(policy, row)),
    );
    const dropped: Digest[] = [];
    for (const [name, artifact] of record.artifacts) {
      if (!name.endsWith('.ckpt') || names.has(name)) continue;
      dropped.push(artifact.digest);
      if (name !== lastCheckpointName) record.dropArtifact(name);
    }
    const newest = epochs.at(-1);
    if (newest !== undefined && kept.has(epoch))
      record.addArtifact(checkpointName(policy, newest), digest, size);
    record.addArtifact(lastCheckpointName, digest, size);
    return dropped;
  }

  async #drop(checkpoints: readonly { readonly step: number; readonly digest: Digest }[]): Promise<void> {
    const { runId } = this.#record;
    const writes = checkpoints.map(({ step }): RegistryWrite => ({
      type: 'checkpoint-dropped',
      runId,
      step,
    }));
    this.journal.take(...writes);
    this.journal.flush(true);
    for (const { digest } of checkpoints) await this.#deleteIfFree(digest);
  }

  async #deleteIfFree(digest: Digest): Promise<void> {
    const { registry, checkpoints } = this.#storage;
    if (!registry.isReferenced(digest)) await checkpoints.delete(digest);
  }

  #storedNow(): boolean {
    try {
      this.journal.flush(true);
      return true;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return false;
    }
  }

  /** Does `work` until it succeeds: a full disk is waited for, and said. */
  async #stored(work: () => Promise<void> | void): Promise<void> {
    for (let told = false; ; told = true) {
      try {
        await work();
        if (told) this.#record.setPhase(this.#record.phase, '');
        return;
      } catch (error) {
        if (!(error instanceof Fault) || error.kind === 'run-failed' || this.#record.closed) throw error;
        if (!told) {
          this.#logger.warn({ runId: this.#record.runId, reason: error.message }, 'waits for storage');
          this.#record.setPhase(this.#record.phase, `waits until it can be stored: ${error.message}`);
        }
      }
      await setTimeout(this.#limits.storageRetryMs);
    }
  }
}
