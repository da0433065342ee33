import { randomUUID } from 'node:crypto';
import { Fault, type Clock, type Logger } from '@ptychofleet/base';
import {
  createInferencePayload,
  createTrainingPayload,
  parseRunSpec,
  runSpecDigest,
  runSpecText,
  type DatasetHeader,
  type FactoryPorts,
  type InferenceRunSpec,
  type RunSpec,
  type TrainingRunSpec,
} from '@ptychofleet/config';
import type { Hands } from '@ptychofleet/params';
import { stepCount, type RunChecks } from '@ptychofleet/run';
import { fromStruct } from '@ptychofleet/wire';
import { checkpointPolicy } from './checkpoint-policy.ts';
import type { Coordinator } from './coordinator.ts';
import type { Job } from './job.ts';
import type { Library } from './library.ts';
import { prepareTraining } from './prepare-training.ts';
import { RunJournal } from './run-journal.ts';
import { RunKeeper, type KeepingLimits } from './run-keeper.ts';
import type { LedgerHead } from '@ptychofleet/store';
import { RunRecord } from './run-record.ts';
import type { Storage } from './storage.ts';
import { TrainingJob } from './training-job.ts';

/** How results are checked, as the machine takes it. */
export function checksOf({ execution }: RunSpec): RunChecks {
  return {
    redundancy: execution.redundancy === 2 ? 2 : 1,
    auditEverySteps: 'auditEverySteps' in execution ? execution.auditEverySteps : 0,
    mixedNumerics: execution.numerics === 'mixed',
  };
}

type Struct = Parameters<typeof fromStruct>[0];

/** CreateRun as it came from the wire. */
export interface Submission {
  readonly description?: 'spec' | 'trainingOverrides' | 'inferenceOverrides';
  readonly spec?: Struct;
  readonly trainingOverrides?: Struct;
  readonly inferenceOverrides?: Struct;
  readonly requestId: string;
  readonly datasetDigest: string;
  readonly validationDigest: string;
  readonly modelDigest: string;
  /** Checkpoint from which it goes on; empty to begin anew. */
  readonly checkpointDigest: string;
  /** Step after which it ends; 0 for none. */
  readonly stopAfterStep: number;
}

/** What a run is made of besides its specification: enough to prepare it once more after a restart. */
type Inputs = Pick<Submission, 'datasetDigest' | 'validationDigest' | 'modelDigest' | 'stopAfterStep'> & {
  /** Where it has begun already. */
  readonly ledger?: LedgerHead | null;
};

const requestIdMax = 128;

/** Makes runs of submissions: resolves and checks everything before the run exists. */
export class Submitter {
  readonly #coordinator: Coordinator;
  readonly #library: Library;
  readonly #storage: Storage;
  readonly #limits: KeepingLimits;
  readonly #hands: Hands;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** A client that repeats itself after a lost answer gets the run it made. */
  readonly #byRequest = new Map<string, Promise<RunRecord>>();

  constructor(
    coordinator: Coordinator,
    library: Library,
    storage: Storage,
    limits: KeepingLimits,
    hands: Hands,
    clock: Clock,
    logger: Logger,
  ) {
    this.#coordinator = coordinator;
    this.#library = library;
    this.#storage = storage;
    this.#limits = limits;
    this.#hands = hands;
    this.#clock = clock;
    this.#logger = logger;
  }

  submit(submission: Submission): Promise<RunRecord> {
    const { requestId } = submission;
    if (requestId === '' || requestId.length > requestIdMax) {
      throw new Fault(
        'invalid-input',
        `request_id: received ${requestId.length} characters, expected 1 to ${requestIdMax}`,
      );
    }
    const known = this.#byRequest.get(requestId);
    if (known !== undefined) return known;
    const record = this.#submit(submission);
    this.#byRequest.set(requestId, record);
    record.catch(() => this.#byRequest.delete(requestId));
    return record;
  }

  /** Takes up all runs of the time before: those that are over are known again, the others go on. */
  async restore(): Promise<void> {
    const { registry } = this.#storage;
    for (const run of registry.runs()) {
      const journal = new RunJournal(registry, this.#logger);
      const { runId } = run;
      const record = RunRecord.restored(run, registry.events(runId), registry.artifacts(runId), journal);
      this.#byRequest.set(run.requestId, Promise.resolve(record));
      this.#coordinator.remember(record);
      if (record.closed) continue;
      try {
        const spec = parseRunSpec(JSON.parse(run.spec));
        const job = await this.#prepare(spec, run);
        if (job instanceof TrainingJob) await this.#goOn(job, record);
        this.#start(record, journal, job, spec);
        record.addNote('the coordinator was started again; the run goes on');
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        this.#logger.error({ runId, reason: error.message }, 'run cannot go on');
        record.setPhase('failed', `it could not go on after a restart: ${error.message}`);
      }
    }
  }

  async #submit(submission: Submission): Promise<RunRecord> {
    const { spec, warnings } = await this.#resolve(submission);
    const job = await this.#prepare(spec, submission);
    if (job instanceof TrainingJob && submission.checkpointDigest !== '') {
      const bytes = await this.#library.checkpoint(submission.checkpointDigest);
      job.restore(bytes, 'the checkpoint');
    }
    const { plan, ledger } = job;
    const row = {
      runId: `run-${randomUUID().slice(0, 8)}`,
      requestId: submission.requestId,
      kind: spec.kind,
      spec: runSpecText(spec),
      specDigest: runSpecDigest(spec),
      warnings: [...warnings, ...job.warnings],
      epochCount: plan.kind === 'training' ? plan.epochs : 0,
      stepCount: stepCount(plan),
      datasetDigest: submission.datasetDigest,
      validationDigest: submission.validationDigest,
      modelDigest: submission.modelDigest,
      checkpointDigest: submission.checkpointDigest,
      stopAfterStep: submission.stopAfterStep,
      ledger,
    };
    const journal = new RunJournal(this.#storage.registry, this.#logger);
    journal.take({ type: 'run', row });
    // Acknowledged means durable: the answer goes out after this.
    journal.flush(true);
    const record = new RunRecord(row, journal);
    if (job instanceof TrainingJob) record.addPastEpochs(job.history);
    this.#start(record, journal, job, spec);
    return record;
  }

  #start(record: RunRecord, journal: RunJournal, job: Job, spec: RunSpec): void {
    const policy =
      spec.kind === 'training' ? checkpointPolicy(spec, record.row.validationDigest !== '') : null;
    const run = { record, job, journal, policy };
    const keeper = new RunKeeper(this.#storage, this.#limits, this.#clock, this.#logger, run);
    this.#coordinator.submit(record, job, keeper, 1, checksOf(spec));
  }

  /** Puts a job where the newest checkpoint stands that can be read; without one it begins as it was submitted. */
  async #goOn(job: TrainingJob, record: RunRecord): Promise<void> {
    const { runId, row } = record;
    for (const { step, digest } of this.#storage.registry.checkpoints(runId)) {
      try {
        const bytes = await this.#storage.checkpoints.get(digest);
        if (bytes === null) throw new Fault('data-loss', 'its file is gone');
        return job.restore(bytes, `the checkpoint at step ${step}`);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        this.#logger.warn({ runId, step, reason: error.message }, 'checkpoint left aside');
      }
    }
    if (row.checkpointDigest === '') job.begin();
    else job.restore(await this.#library.checkpoint(row.checkpointDigest), 'the checkpoint');
  }

  async #resolve(submission: Submission): Promise<{ spec: RunSpec; warnings: readonly string[] }> {
    switch (submission.description) {
      case 'spec':
        return { spec: parseRunSpec(fromStruct(submission.spec ?? null)), warnings: [] };
      case 'trainingOverrides':
        return createTrainingPayload(
          {
            trainDataFile: submission.datasetDigest,
            ...(submission.validationDigest === '' ? {} : { testDataFile: submission.validationDigest }),
            outputDir: '.',
            overrides: fromStruct(submission.trainingOverrides ?? null),
          },
          await this.#ports(submission),
        );
      case 'inferenceOverrides':
        return createInferencePayload(
          {
            modelPath: `${submission.modelDigest}/wts.h5.zip`,
            testDataFile: submission.datasetDigest,
            outputDir: '.',
            overrides: fromStruct(submission.inferenceOverrides ?? null),
          },
          await this.#ports(submission),
        );
      default:
        throw new Fault(
          'invalid-input',
          'the request describes no run; give spec, training_overrides or inference_overrides',
        );
    }
  }

  /** The factories' view of a scan that is held here: its handle stands for the path. */
  async #ports(submission: Submission): Promise<FactoryPorts> {
    const dataset = await this.#library.describeDataset(submission.datasetDigest);
    const header: DatasetHeader = {
      N: dataset.patternSide,
      modes: dataset.modeCount,
      n: dataset.patternCount,
      nphotons: dataset.photonCount ?? null,
    };
    return { headers: { read: () => header }, files: { exists: () => true } };
  }

  #prepare(spec: RunSpec, inputs: Inputs): Promise<Job> {
    if (spec.kind === 'training') return this.#training(spec, inputs);
    return this.#inference(spec, inputs);
  }

  async #training(spec: TrainingRunSpec, inputs: Inputs): Promise<Job> {
    const { datasetDigest, validationDigest, stopAfterStep, ledger } = inputs;
    const scan = await this.#library.scan(datasetDigest);
    const validation = validationDigest === '' ? null : await this.#library.scan(validationDigest);
    const digests = { dataset: datasetDigest, validation: validationDigest || null };
    const numerics = () => this.#coordinator.workers.numerics(spec.execution.numerics === 'mixed');
    return prepareTraining(spec, scan, validation, digests, {
      ...{ numerics, hands: this.#hands, stopAfterStep: stopAfterStep || null },
      ...(ledger ? { genesis: ledger.genesis } : {}),
    });
  }

  async #inference(spec: InferenceRunSpec, inputs: Inputs): Promise<Job> {
    const model = await this.#library.model(inputs.modelDigest);
    // Brings all that pictures need: a coordinator is up sooner without.
    const { prepareInference } = await import('./prepare-inference.ts');
    return prepareInference(spec, await this.#library.scan(inputs.datasetDigest), model);
  }
}
