import { join } from 'node:path';
import type { Digest } from '@ptychofleet/base';
import Database from 'libsql';
import { noFailpoints, type Failpoint } from './failpoint.ts';
import type { LedgerHead, LedgerStep, ShardWorkers } from './ledger.ts';
import { storageFault } from './storage-fault.ts';

/** A run as it was submitted: enough to prepare it again. */
export interface RunRow {
  readonly runId: string;
  readonly requestId: string;
  readonly kind: 'training' | 'inference';
  /** Canonical JSON. */
  readonly spec: string;
  readonly specDigest: Digest;
  readonly warnings: readonly string[];
  readonly epochCount: number;
  readonly stepCount: number;
  readonly datasetDigest: string;
  /** Empty for none; the same of model and checkpoint. */
  readonly validationDigest: string;
  readonly modelDigest: string;
  /** Checkpoint from which it was asked to go on. */
  readonly checkpointDigest: string;
  /** Step after which it ends; 0 for none. */
  readonly stopAfterStep: number;
  readonly ledger: LedgerHead | null;
}

export type StoredRun = RunRow & { readonly phase: string; readonly reason: string };

export interface StoredArtifact {
  readonly name: string;
  readonly digest: Digest;
  readonly size: number;
}

export interface StoredCheckpoint {
  /** Steps that it has behind it. */
  readonly step: number;
  readonly digest: Digest;
}

/** What becomes durable. Writes that belong together go into one commit. */
export type RegistryWrite =
  | { readonly type: 'run'; readonly row: RunRow }
  | { readonly type: 'phase'; readonly runId: string; readonly phase: string; readonly reason: string }
  | { readonly type: 'event'; readonly runId: string; readonly sequence: number; readonly event: unknown }
  | { readonly type: 'artifact'; readonly runId: string; readonly artifact: StoredArtifact }
  | { readonly type: 'artifact-dropped'; readonly runId: string; readonly name: string }
  | {
      readonly type: 'step';
      readonly runId: string;
      readonly step: LedgerStep;
      readonly workers: ShardWorkers;
    }
  | { readonly type: 'checkpoint'; readonly runId: string; readonly checkpoint: StoredCheckpoint }
  | { readonly type: 'checkpoint-dropped'; readonly runId: string; readonly step: number }
  | { readonly type: 'dataset'; readonly digest: Digest; readonly name: string };

export const registryFileName = 'registry.sqlite';
const schemaVersion = 1;

const schema = `
  CREATE TABLE IF NOT EXISTS runs (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL UNIQUE, request_id TEXT NOT NULL UNIQUE,
    row TEXT NOT NULL, phase TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS events (
    run_id TEXT NOT NULL, sequence INTEGER NOT NULL, event TEXT NOT NULL, PRIMARY KEY (run_id, sequence)) STRICT;
  CREATE TABLE IF NOT EXISTS artifacts (
    run_id TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL,
    PRIMARY KEY (run_id, name)) STRICT;
  CREATE TABLE IF NOT EXISTS steps (
    run_id TEXT NOT NULL, step INTEGER NOT NULL, record TEXT NOT NULL, workers TEXT NOT NULL,
    PRIMARY KEY (run_id, step)) STRICT;
  CREATE TABLE IF NOT EXISTS checkpoints (
    run_id TEXT NOT NULL, step INTEGER NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (run_id, step)) STRICT;
  CREATE TABLE IF NOT EXISTS datasets (digest TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL) STRICT;
`;

/**
 * Runs, their events, steps, checkpoints and files in one SQLite file. A commit is whole or not there, also after the
 * process or the machine has ended in the middle of it; one that was asked to be durable is on the disk when it returns.
 */
export class Registry {
  readonly path: string;
  readonly #lock: Database.Database;
  readonly #db: Database.Database;
  readonly #failpoint: Failpoint;
  readonly #statements = new Map<string, Database.Statement>();

  /** @throws Fault in one sentence when the folder cannot be used or the file is damaged */
  constructor(folder: string, failpoint: Failpoint = noFailpoints) {
    this.path = join(folder, registryFileName);
    this.#failpoint = failpoint;
    // Held as long as we live, whatever ends us: two coordinators on one folder would both continue its runs.
    this.#lock = this.#guarded(() => {
      const lock = new Database(join(folder, 'lock.sqlite'), { timeout: 1000 });
      lock.exec('BEGIN EXCLUSIVE');
      return lock;
    });
    this.#db = this.#guarded(() => {
      const db = new Database(this.path, { timeout: 1000 });
      db.pragma('journal_mode = WAL');
      db.exec(`BEGIN IMMEDIATE; ${schema} COMMIT;`);
      db.pragma(`user_version = ${schemaVersion}`);
      return db;
    });
  }

  /**
   * Writes everything or nothing.
   * @param durably waits for the disk. Without, the commit outlives this process at once and a power cut a little later.
   */
  commit(writes: readonly RegistryWrite[], durably: boolean): void {
    this.#guarded(() => {
      this.#db.pragma(`synchronous = ${durably ? 'FULL' : 'NORMAL'}`);
      for (const write of writes) this.#failAround(write, 'before');
      this.#atOnce(() => writes.forEach((write) => this.#write(write)));
      for (const write of writes) this.#failAround(write, 'after');
    });
  }

  /** Makes what was committed before durable. */
  sync(): void {
    this.#guarded(() => this.#db.pragma('wal_checkpoint(PASSIVE)'));
  }

  /** In the order of submission. */
  runs(): StoredRun[] {
    const rows = this.#all<{ row: string; phase: string; reason: string }>(
      'SELECT row, phase, reason FROM runs ORDER BY ordinal',
    );
    return rows.map(({ row, phase, reason }) => ({ ...(JSON.parse(row) as RunRow), phase, reason }));
  }

  events(runId: string): unknown[] {
    const rows = this.#all<{ event: string }>(
      'SELECT event FROM events WHERE run_id = ? ORDER BY sequence',
      runId,
    );
    return rows.map(({ event }) => JSON.parse(event) as unknown);
  }

  artifacts(runId: string): StoredArtifact[] {
    return this.#all<StoredArtifact>(
      'SELECT name, digest, size FROM artifacts WHERE run_id = ? ORDER BY rowid',
      runId,
    ).map(({ name, digest, size }) => ({ name, digest, size }));
  }

  steps(runId: string): { step: LedgerStep; workers: ShardWorkers }[] {
    const rows = this.#all<{ record: string; workers: string }>(
      'SELECT record, workers FROM steps WHERE run_id = ? ORDER BY step',
      runId,
    );
    return rows.map(({ record, workers }) => ({
      step: stepOf(record),
      workers: JSON.parse(workers) as ShardWorkers,
    }));
  }

  step(runId: string, step: number): LedgerStep | null {
    const [row] = this.#all<{ record: string }>(
      'SELECT record FROM steps WHERE run_id = ? AND step = ?',
      runId,
      step,
    );
    return row === undefined ? null : stepOf(row.record);
  }

  /** Newest first. */
  checkpoints(runId: string): StoredCheckpoint[] {
    return this.#all<StoredCheckpoint>(
      'SELECT step, digest FROM checkpoints WHERE run_id = ? ORDER BY step DESC',
      runId,
    ).map(({ step, digest }) => ({ step, digest }));
  }

  datasetName(digest: Digest): string | null {
    const [row] = this.#all<{ name: string }>('SELECT name FROM datasets WHERE digest = ?', digest);
    return row?.name ?? null;
  }

  /** Whether a checkpoint or a file of any run is made of these bytes. */
  isReferenced(digest: Digest): boolean {
    const [row] = this.#all<{ uses: number }>(
      'SELECT (SELECT count(*) FROM checkpoints WHERE digest = ?1) + (SELECT count(*) FROM artifacts WHERE digest = ?1) AS uses',
      digest,
    );
    return (row?.uses ?? 0) > 0;
  }

  close(): void {
    this.#db.close();
    this.#lock.exec('ROLLBACK');
    this.#lock.close();
  }

  #atOnce(work: () => void): void {
    this.#db.exec('BEGIN');
    try {
      work();
      this.#db.exec('COMMIT');
    } catch (error) {
      // A disk that fails has made SQLite roll back already; rolling back again would hide why.
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  #write(write: RegistryWrite): void {
    switch (write.type) {
      case 'run': {
        const { row } = write;
        return this.#run(
          'INSERT INTO runs (run_id, request_id, row, phase, reason) VALUES (?, ?, ?, ?, ?)',
          ...[row.runId, row.requestId, JSON.stringify(row), 'queued', ''],
        );
      }
      case 'phase':
        return this.#run(
          'UPDATE runs SET phase = ?, reason = ? WHERE run_id = ?',
          ...[write.phase, write.reason, write.runId],
        );
      case 'event':
        return this.#run(
          'INSERT INTO events (run_id, sequence, event) VALUES (?, ?, ?)',
          ...[write.runId, write.sequence, JSON.stringify(write.event)],
        );
      case 'artifact': {
        const { name, digest, size } = write.artifact;
        return this.#run(
          'INSERT OR REPLACE INTO artifacts (run_id, name, digest, size) VALUES (?, ?, ?, ?)',
          ...[write.runId, name, digest, size],
        );
      }
      case 'artifact-dropped':
        return this.#run('DELETE FROM artifacts WHERE run_id = ? AND name = ?', write.runId, write.name);
      case 'step': {
        const record = JSON.stringify({ ...write.step, loss: String(write.step.loss) });
        return this.#run(
          'INSERT OR REPLACE INTO steps (run_id, step, record, workers) VALUES (?, ?, ?, ?)',
          ...[write.runId, write.step.step, record, JSON.stringify(write.workers)],
        );
      }
      case 'checkpoint':
        return this.#run(
          'INSERT OR REPLACE INTO checkpoints (run_id, step, digest) VALUES (?, ?, ?)',
          ...[write.runId, write.checkpoint.step, write.checkpoint.digest],
        );
      case 'checkpoint-dropped':
        return this.#run('DELETE FROM checkpoints WHERE run_id = ? AND step = ?', write.runId, write.step);
      case 'dataset':
        return this.#run(
          'INSERT OR REPLACE INTO datasets (digest, name) VALUES (?, ?)',
          ...[write.digest, write.name],
        );
    }
  }

  #failAround({ type }: RegistryWrite, when: 'before' | 'after'): void {
    if (type === 'run') this.#failpoint(`run-${when}-insert`);
    if (type === 'step') this.#failpoint(`step-${when}-journal`);
    if (type === 'phase') this.#failpoint(`phase-${when}-journal`);
    if (type === 'checkpoint') this.#failpoint(`checkpoint-${when}-pointer`);
    if (type === 'artifact') this.#failpoint(`artifact-${when}-pointer`);
  }

  #run(sql: string, ...values: readonly (string | number)[]): void {
    this.#statement(sql).run(...values);
  }

  #all<Row>(sql: string, ...values: readonly (string | number)[]): Row[] {
    return this.#guarded(() => this.#statement(sql).all(...values) as Row[]);
  }

  #statement(sql: string): Database.Statement {
    const known = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }

  #guarded<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw storageFault(this.path, error);
    }
  }
}

function stepOf(record: string): LedgerStep {
  const step = JSON.parse(record) as Omit<LedgerStep, 'loss'> & { readonly loss: string };
  return { ...step, loss: Number(step.loss) };
}
