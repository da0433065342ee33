import { assert, Fault, messageOf } from '@ptychofleet/base';
import type { Clock, Logger } from '@ptychofleet/base';
import {
  advance,
  initialFleet,
  isFinal,
  runId as asRunId,
  standingOf,
  tasksOf,
  type WorkerStanding,
  type FleetEffect,
  type FleetEvent,
  type FleetLimits,
  type RunChecks,
  type RunId,
  type RunPhase,
} from '@ptychofleet/run';
import { toStruct } from '@ptychofleet/wire';
import type { DeliveredAnswer, ExpectedAnswer, Job, RoundPlace, TaskAnswer } from './job.ts';
import type { RunKeeper } from './run-keeper.ts';
import { RunProgress } from './run-progress.ts';
import type { RunRecord } from './run-record.ts';
import { numericsClassOf, Workers, type WorkerLife } from './workers.ts';

interface ActiveRun {
  readonly record: RunRecord;
  readonly job: Job;
  readonly keeper: RunKeeper;
  readonly progress: RunProgress;
  /** Values that the tasks of the present round must answer with. */
  place: RoundPlace | null;
  /** Its last change is being carried out. */
  ending: boolean;
}

export interface CoordinatorLimits extends FleetLimits {
  readonly heartbeatIntervalMs: number;
  /** Whether workers of several numerics classes may be here at a time. */
  readonly mixedNumerics: boolean;
  readonly slabIntakeBytesPerSecond: number;
}

/**
 * Drives the fleet machine: turns what happens into events and effects into deeds. All deciding is in libs/run, all
 * arithmetic in the jobs; here are only the order of things and who is told.
 */
export class Coordinator {
  readonly workers: Workers;
  readonly limits: CoordinatorLimits;
  readonly #state;
  readonly #runs = new Map<RunId, ActiveRun>();
  readonly #records = new Map<string, RunRecord>();
  readonly #clock: Clock;
  readonly #logger: Logger;
  #answer: TaskAnswer | null = null;
  #answering: WorkerLife | null = null;
  #accepted = false;

  constructor(limits: CoordinatorLimits, clock: Clock, logger: Logger) {
    this.limits = limits;
    this.workers = new Workers(limits.mixedNumerics);
    this.#state = initialFleet(limits);
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Takes a prepared run in; it goes on where its job stands. */
  submit(record: RunRecord, job: Job, keeper: RunKeeper, workersMin: number, checks: RunChecks): void {
    const id = asRunId(record.runId);
    const { plan, position } = job;
    const paused = record.phase === 'paused';
    const run: ActiveRun = {
      record,
      job,
      keeper,
      progress: new RunProgress(record, job, this.#clock),
      place: null,
      ending: false,
    };
    this.#runs.set(id, run);
    this.#records.set(record.runId, record);
    const at = position === undefined ? {} : { at: position };
    // Whoever goes on has to compute the same bits as those who began.
    const bound =
      job.numerics === null || checks.mixedNumerics ? {} : { numerics: numericsClassOf(job.numerics) };
    const intakeMs = (1000 * 4 * job.valueCount('step')) / this.limits.slabIntakeBytesPerSecond;
    this.#dispatch({ type: 'run-submitted', run: id, plan, workersMin, checks, intakeMs, ...bound, ...at });
    if (paused) this.#dispatch({ type: 'run-paused', run: id });
  }

  /** Knows a run that was over before a restart. */
  remember(record: RunRecord): void {
    this.#records.set(record.runId, record);
  }

  record(runId: string): RunRecord {
    const record = this.#records.get(runId);
    if (record === undefined) {
      throw new Fault('not-found', `run ${runId} is not known here; list the runs with ListRuns`, {
        field: 'run_id',
      });
    }
    return record;
  }

  records(): RunRecord[] {
    return [...this.#records.values()];
  }

  /** Saves what the runs at work have reached; the process is about to end. */
  async park(): Promise<void> {
    for (const [id, { keeper }] of this.#runs) {
      await keeper.park().catch((error: unknown) => {
        this.#logger.error(
          { runId: id, reason: messageOf(error) },
          'not saved; a restart repeats some steps',
        );
      });
    }
  }

  cancel(runId: string): RunRecord {
    const record = this.record(runId);
    this.#dispatch({ type: 'run-cancelled', run: asRunId(runId) });
    return record;
  }

  pause(runId: string): RunRecord {
    const record = this.record(runId);
    this.#dispatch({ type: 'run-paused', run: asRunId(runId) });
    return record;
  }

  resume(runId: string): RunRecord {
    const record = this.record(runId);
    this.#dispatch({ type: 'run-resumed', run: asRunId(runId) });
    return record;
  }

  join(life: WorkerLife): void {
    this.#logger.info({ workerId: life.id, name: life.name, slots: life.slots }, 'worker joined');
    this.#dispatch({
      type: 'worker-joined',
      worker: life.id,
      name: life.name,
      slots: life.slots,
      numerics: life.numericsClass,
    });
  }

  heard(life: WorkerLife): void {
    this.#dispatch({ type: 'worker-heard', worker: life.id });
  }

  /** @param dismiss whether it has to be sent away, since it does not leave by itself. */
  drain(life: WorkerLife, reason: string, dismiss = false): void {
    this.#dispatch({ type: 'worker-draining', worker: life.id, reason, dismiss });
  }

  lose(life: WorkerLife, reason: string): void {
    if (this.workers.byId(life.id) !== life) return;
    this.#logger.info({ workerId: life.id, reason }, 'worker left');
    this.workers.remove(life);
    this.#dispatch({ type: 'worker-lost', worker: life.id, reason });
  }

  /**
   * An answer begins to arrive: how many values it must have, and memory for them; null when the lease is not in force.
   */
  expectAnswer(life: WorkerLife, leaseId: number): ExpectedAnswer | null {
    this.heard(life);
    this.#dispatch({ type: 'result-arriving', worker: life.id, lease: leaseId });
    const lease = this.#state.leases.get(leaseId);
    if (lease === undefined || lease.worker !== life.id) return null;
    const job = this.#runs.get(lease.run)?.job;
    const { purpose } = lease;
    return job ? { valueCount: job.valueCount(purpose), memory: () => job.memory(purpose) } : null;
  }

  /** Hands in an answer; says whether it counted. */
  answer(life: WorkerLife, leaseId: number, answer: DeliveredAnswer): boolean {
    const { digest, computeMs } = answer;
    this.#answer = answer;
    this.#answering = life;
    this.#accepted = false;
    this.#dispatch({ type: 'worker-heard', worker: life.id });
    this.#dispatch({ type: 'task-finished', worker: life.id, lease: leaseId, digest, computeMs });
    this.#answer = null;
    return this.#accepted;
  }

  fail(life: WorkerLife, leaseId: number, reason: string): void {
    this.#dispatch({ type: 'task-failed', worker: life.id, lease: leaseId, reason });
  }

  /** How the machine sees a worker. */
  standingOf(life: WorkerLife): WorkerStanding {
    return standingOf(this.#state, life.id);
  }

  tick(): void {
    this.#dispatch({ type: 'tick' });
  }

  /** Of the runs that are not over. */
  jobs(): Job[] {
    return [...this.#runs.values()].map(({ job }) => job);
  }

  #dispatch(event: FleetEvent): void {
    for (const effect of advance(this.#state, event, this.#clock.nowMs())) this.#perform(effect);
  }

  #perform(effect: FleetEffect): void {
    switch (effect.type) {
      case 'assign-task':
        return this.#assign(effect);
      case 'accept-result': {
        const run = this.#runs.get(effect.run);
        assert(run?.place != null && this.#answer !== null, 'an accepted result has an answer and a place');
        this.#accepted = true;
        run.job.accept(run.place, effect.block, this.#answer);
        if (run.place.purpose === 'step')
          run.keeper.computed(effect.block, `${this.#answering?.id ?? ''} ${this.#answering?.name ?? ''}`);
        run.progress.accepted(run.place, this.#answer.groupCount);
        return;
      }
      case 'void-round':
        this.#logger.warn({ runId: effect.run, round: effect.round }, 'step begins anew');
        this.#runs.get(effect.run)?.keeper.voidRound();
        return this.#runs.get(effect.run)?.job.voidRound();
      case 'refuse-result':
        return this.#logger.debug({ reason: effect.reason }, 'result refused');
      case 'close-round': {
        const { purpose, epoch, stepInEpoch } = effect;
        // Not at once: the answer that completed the round is acknowledged first.
        void this.#closeRound(effect.run, effect.round, { purpose, epoch, stepInEpoch });
        return;
      }
      case 'run-changed':
        return void this.#runChanged(effect.run);
      case 'dismiss-worker': {
        const life = this.workers.byId(effect.worker);
        if (life === undefined) return;
        this.#logger.warn({ workerId: life.id, reason: effect.reason }, 'worker dismissed');
        this.workers.remove(life);
        const { reason, mayReturn } = effect;
        life.send({ goodbye: { reason, mayReturn, orderly: !mayReturn } });
        life.close();
        return;
      }
      case 'note': {
        this.#logger.info({ runId: effect.run }, effect.text);
        for (const [id, run] of this.#runs) {
          if (!run.record.closed && (effect.run === null || effect.run === id))
            run.record.addNote(effect.text);
        }
      }
    }
  }

  #assign(effect: Extract<FleetEffect, { type: 'assign-task' }>): void {
    const run = this.#runs.get(effect.run);
    assert(run !== undefined, 'assigned runs are active');
    const { purpose, epoch, stepInEpoch } = effect;
    run.place = { purpose, epoch, stepInEpoch };
    const task = run.job.describe(run.place, effect.block);
    const { run: runId, worker: workerId, lease: leaseId, round, why } = effect;
    const given = { runId, workerId, leaseId, round, tasks: tasksOf(effect.block) };
    if (why === '') this.#logger.debug(given, 'given out');
    else this.#logger.info({ ...given, why }, 'given out again');
    this.workers.byId(effect.worker)?.send({
      task: {
        leaseId: effect.lease,
        kind: task.kind,
        modelSpec: toStruct(task.model),
        lossSpec: toStruct(task.loss),
        scanDigest: task.scanDigest,
        weightsDigest: task.weightsDigest,
        microBatches: task.microBatches.map((groups) => ({ groupIndices: [...groups] })),
        cropSide: task.cropSide,
      },
    });
  }

  async #closeRound(id: RunId, round: number, place: RoundPlace): Promise<void> {
    const run = this.#runs.get(id);
    assert(run !== undefined, 'closing runs are active');
    try {
      // Before: at the end of an epoch a plateau schedule moves on.
      const learningRate = run.job.learningRate(place.epoch);
      const startedMs = this.#clock.nowMs();
      const outcome = await run.job.closeRound(place);
      const closedMs = this.#clock.nowMs();
      if (outcome.step !== undefined) run.keeper.stepEnded(outcome.step);
      run.progress.roundClosed(place, learningRate, outcome, this.workers.all().length);
      await run.keeper.roundClosed(outcome.epoch !== undefined);
      const [closeMs, keepMs] = [closedMs - startedMs, this.#clock.nowMs() - closedMs];
      this.#logger.debug({ runId: id, ...place, closeMs, keepMs }, 'round closed');
      const stop = outcome.stop === undefined ? {} : { stop: outcome.stop };
      this.#dispatch({ type: 'round-closed', run: id, round, ...stop });
    } catch (error) {
      this.#break(id, error);
    }
  }

  async #runChanged(id: RunId): Promise<void> {
    const run = this.#runs.get(id);
    const state = this.#state.runs.get(id);
    // Changes of one turn show the same last phase each: that of a run submitted where it ends is told twice.
    if (run === undefined || run.ending) return;
    assert(state !== undefined, 'a changed run is known');
    const { phase, reason } = state;
    run.ending = isFinal(phase);
    if (phase === 'running') run.progress.started();
    if (phase === 'succeeded') {
      try {
        for (const { name, bytes } of await run.job.finish()) await run.keeper.keepFile(name, bytes);
      } catch (error) {
        this.#logger.error({ runId: id, err: error }, 'run could not be finished');
        return this.#conclude(id, run, 'failed', `the result could not be written: ${messageOf(error)}`);
      }
    }
    this.#logger.info({ runId: id, phase, reason }, 'run changed');
    if (run.ending) await this.#conclude(id, run, phase, reason);
    else run.record.setPhase(phase, reason);
  }

  async #conclude(id: RunId, run: ActiveRun, phase: RunPhase, reason: string): Promise<void> {
    await run.keeper.conclude(phase, reason).catch((error: unknown) => {
      this.#logger.warn(
        { runId: id, reason: messageOf(error) },
        'checkpoints of an ended run are left behind',
      );
    });
    this.#runs.delete(id);
    run.job.close?.();
  }

  #break(id: RunId, error: unknown): void {
    this.#logger.error({ runId: id, err: error }, 'run broke');
    this.#dispatch({ type: 'run-broken', run: id, reason: messageOf(error) });
  }
}
