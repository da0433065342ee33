import { join } from 'node:path';
import { Fault, messageOf, type Clock } from '@ptychofleet/base';
import { CsvLog } from './csv-log.ts';
import { MlflowLog, type MlflowSettings } from './mlflow/mlflow-log.ts';
import type { EpochMetrics, LoggedRun, RunEnd, RunLog, StepMetrics } from './run-log.ts';
import { TensorBoardLog } from './tensorboard/tensorboard-log.ts';
import { versionFolder } from './version-folder.ts';

export interface RunLogRequest {
  /** `csv`, `tensorboard`, `mlflow`: one or more. */
  readonly backends: readonly string[];
  /** Where the run's files are. */
  readonly outputFolder: string;
  readonly run: LoggedRun;
  /** Needed for `mlflow`. */
  readonly mlflow: MlflowSettings | null;
  readonly clock: Clock;
  readonly warn: (text: string) => void;
}

/** The logs that were asked for as one. A log that fails is given up with a warning: a run never fails for its log. */
export function openRunLog(request: RunLogRequest): RunLog {
  const { backends, run } = request;
  // It becomes a file name and comes from a coordinator.
  if (!/^[\w-]{1,100}$/.test(run.runId)) {
    throw new Fault('data-loss', 'the coordinator names a run that cannot be a file name', {
      field: 'run_id',
    });
  }
  return new GuardedLogs(backends, request);
}

function openOne(backend: string, request: RunLogRequest, place: Place): RunLog {
  const { outputFolder, run, mlflow, clock, warn } = request;
  switch (backend) {
    case 'csv':
      return new CsvLog(join(place().folder, 'metrics.csv'));
    case 'tensorboard':
      return new TensorBoardLog(place().folder, run, place().continued, clock);
    case 'mlflow':
      if (mlflow === null) throw new Error('no tracking server is named');
      return new MlflowLog(outputFolder, run, mlflow, clock, warn);
    default:
      throw new Error(`no log is called ${backend}`);
  }
}

type Place = () => ReturnType<typeof versionFolder>;

class GuardedLogs implements RunLog {
  readonly #logs = new Map<string, RunLog>();
  readonly #warn: (text: string) => void;

  constructor(backends: readonly string[], request: RunLogRequest) {
    this.#warn = request.warn;
    let known: ReturnType<typeof versionFolder> | undefined;
    const place: Place = () => (known ??= versionFolder(request.outputFolder, request.run));
    for (const backend of backends)
      this.#guard(backend, () => this.#logs.set(backend, openOne(backend, request, place)));
  }

  step(metrics: StepMetrics): void {
    for (const [name, log] of this.#logs) this.#guard(name, () => log.step(metrics));
  }

  epoch(metrics: EpochMetrics): void {
    for (const [name, log] of this.#logs) this.#guard(name, () => log.epoch(metrics));
  }

  file(path: string): void {
    for (const [name, log] of this.#logs) this.#guard(name, () => log.file(path));
  }

  async close(end: RunEnd): Promise<void> {
    for (const [name, log] of [...this.#logs]) {
      await log.close(end).catch((error: unknown) => this.#giveUp(name, error));
    }
  }

  #guard(name: string, work: () => unknown): void {
    try {
      work();
    } catch (error) {
      this.#giveUp(name, error);
    }
  }

  #giveUp(name: string, error: unknown): void {
    this.#logs.delete(name);
    this.#warn(`the ${name} log ends here: ${messageOf(error)}`);
  }
}
