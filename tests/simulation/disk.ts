import { assert } from '@ptychofleet/base';
import type { RunPosition } from '@ptychofleet/run';
import type { TrainingSnapshot } from './training.ts';

/** One closed round, as the coordinator wrote it down before it told anybody. */
export interface JournalRecord {
  /** The round that comes next. */
  readonly position: RunPosition;
  /** Of weights and loss after the round. */
  readonly digest: string;
}

const roundsPerCheckpoint = 4;

/** What outlives the coordinator: a journal of closed rounds, and the last checkpoint. What was not written whole is not there. */
export class SimulatedDisk {
  readonly journal: JournalRecord[] = [];
  /** Instant until which writing fails. */
  brokenUntilMs = 0;
  #checkpoint: { readonly rounds: number; readonly bytes: TrainingSnapshot } | null = null;

  /** Rounds of the journal that the last checkpoint covers, and the checkpoint. */
  get checkpoint(): { readonly rounds: number; readonly bytes: TrainingSnapshot } | null {
    return this.#checkpoint;
  }

  /**
   * Writes the end of round `number` down; a round that is computed again after a restart must end as it did before.
   * @returns whether it could be written
   */
  write(number: number, record: JournalRecord, snapshot: () => TrainingSnapshot, nowMs: number): boolean {
    if (nowMs < this.brokenUntilMs) return false;
    const before = this.journal[number];
    assert(number <= this.journal.length, `round ${number} is journaled after ${this.journal.length}`);
    assert(
      before === undefined || before.digest === record.digest,
      `round ${number} ends otherwise after a restart than before`,
    );
    this.journal[number] = record;
    const rounds = number + 1;
    if (rounds % roundsPerCheckpoint === 0) this.#checkpoint = { rounds, bytes: snapshot() };
    return true;
  }
}
