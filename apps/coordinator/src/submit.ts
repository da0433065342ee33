import { randomUUID } from 'node:crypto';
import { Fault } from '@ptychofleet/base';
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
import { stepCount, type RunChecks } from '@ptychofleet/run';
import { fromStruct, type JsonObject } from '@ptychofleet/wire';
import type { Coordinator } from './coordinator.ts';
import type { Job } from './job.ts';
import type { Library } from './library.ts';
import { prepareInference } from './prepare-inference.ts';
import { prepareTraining } from './prepare-training.ts';
import { RunRecord } from './run-record.ts';

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
  readonly datasetDigest: string;
  readonly validationDigest: string;
  readonly modelDigest: string;
}

/** Makes runs of submissions: resolves and checks everything before the run exists. */
export class Submitter {
  readonly #coordinator: Coordinator;
  readonly #library: Library;

  constructor(coordinator: Coordinator, library: Library) {
    this.#coordinator = coordinator;
    this.#library = library;
  }

  async submit(submission: Submission): Promise<RunRecord> {
    const { spec, warnings } = await this.#resolve(submission);
    const job = await this.#prepare(spec, submission);
    const json = JSON.parse(runSpecText(spec)) as JsonObject;
    const runId = `run-${randomUUID().slice(0, 8)}`;
    const counts = {
      epochCount: job.plan.kind === 'training' ? job.plan.epochs : 0,
      stepCount: stepCount(job.plan),
    };
    const record = new RunRecord(
      runId,
      spec.kind,
      json,
      runSpecDigest(spec),
      [...warnings, ...job.warnings],
      counts,
    );
    this.#coordinator.submit(record, job, 1, checksOf(spec));
    return record;
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

  #prepare(spec: RunSpec, submission: Submission): Promise<Job> {
    if (spec.kind === 'training') return this.#training(spec, submission);
    return this.#inference(spec, submission);
  }

  async #training(spec: TrainingRunSpec, submission: Submission): Promise<Job> {
    const scan = await this.#library.scan(submission.datasetDigest);
    const validation =
      submission.validationDigest === '' ? null : await this.#library.scan(submission.validationDigest);
    const digests = { dataset: submission.datasetDigest, validation: submission.validationDigest || null };
    return prepareTraining(spec, scan, validation, digests, () =>
      this.#coordinator.workers.numerics(spec.execution.numerics === 'mixed'),
    );
  }

  async #inference(spec: InferenceRunSpec, submission: Submission): Promise<Job> {
    const model = await this.#library.model(submission.modelDigest);
    return prepareInference(spec, await this.#library.scan(submission.datasetDigest), model);
  }
}
