import { basename, dirname, join, relative } from 'node:path';
import type { Clock } from '@ptychofleet/base';
import {
  valuesOfEpoch,
  valuesOfStep,
  type EpochMetrics,
  type LoggedRun,
  type MetricValues,
  type RunEnd,
  type RunLog,
  type StepMetrics,
} from '../run-log.ts';
import { metricValue, type KeyValue } from './operations.ts';
import { Outbox } from './outbox.ts';
import { Sender } from './sender.ts';
import { MlflowServer, type MlflowAddress } from './server.ts';

export interface MlflowSettings {
  readonly address: MlflowAddress;
  readonly experiment: string;
  readonly runName: string;
  readonly tags: readonly KeyValue[];
}

const closeWaitMs = 10_000;
/** Somebody waits at the keyboard. */
const interruptedWaitMs = 2_000;

export function outboxPath(outputFolder: string, runId: string): string {
  return join(outputFolder, 'mlflow', `${runId}.jsonl`);
}

/**
 * Metrics, parameters and files on a tracking server. Everything goes to disk first and is sent from there, so a server
 * that is away delays nothing and loses nothing; `sendOutboxes` sends what is left later.
 */
export class MlflowLog implements RunLog {
  readonly #outbox: Outbox;
  readonly #sender: Sender;
  readonly #clock: Clock;
  readonly #warn: (text: string) => void;
  #last: { step: number; epoch: number };

  constructor(
    outputFolder: string,
    run: LoggedRun,
    { address, experiment, runName, tags }: MlflowSettings,
    clock: Clock,
    warn: (text: string) => void,
  ) {
    this.#clock = clock;
    this.#warn = warn;
    this.#outbox = new Outbox(outboxPath(outputFolder, run.runId));
    this.#last = this.#outbox.lastAdded();
    const first = this.#last.step === 0;
    const parameters = first ? parametersOf(run) : [];
    this.#outbox.add(
      { op: 'begin', runId: run.runId, runName, experiment, startedMs: clock.nowMs(), tags, parameters },
      true,
    );
    this.#sender = new Sender(this.#outbox, new MlflowServer(address), warn);
  }

  step(metrics: StepMetrics): void {
    if (metrics.step <= this.#last.step) return;
    this.#add(metrics.step, null, valuesOfStep(metrics));
    this.#last.step = metrics.step;
  }

  epoch(metrics: EpochMetrics): void {
    if (metrics.epoch <= this.#last.epoch) return;
    this.#add(metrics.step, metrics.epoch, valuesOfEpoch(metrics));
    this.#last.epoch = metrics.epoch;
  }

  file(path: string): void {
    const fromOutbox = relative(dirname(this.#outbox.path), path);
    this.#outbox.add({ op: 'file', path: fromOutbox, name: basename(path) }, true);
    this.#sender.notify();
  }

  async close(end: RunEnd): Promise<void> {
    this.#outbox.add({ op: 'end', end, atMs: this.#clock.nowMs() }, true);
    if (await this.#sender.finish(end === 'interrupted' ? interruptedWaitMs : closeWaitMs)) return;
    const folder = dirname(dirname(this.#outbox.path));
    this.#warn(
      `${this.#outbox.pendingBytes} bytes of the MLflow log wait in ${this.#outbox.path}; send them with: ptychofleet mlflow send ${folder}`,
    );
  }

  #add(step: number, epoch: number | null, values: MetricValues): void {
    const timestamp = this.#clock.nowMs();
    const metrics = Object.entries(values).map(([key, value]) => {
      return { key, value: metricValue(value), timestamp, step };
    });
    const all = epoch === null ? metrics : [...metrics, { key: 'epoch', value: epoch, timestamp, step }];
    this.#outbox.add({ op: 'metrics', epoch, metrics: all }, epoch !== null);
    this.#sender.notify();
  }
}

function parametersOf({ parameters }: LoggedRun): readonly KeyValue[] {
  return Object.entries(parameters).map(([key, value]) => ({ key, value: String(value ?? 'none') }));
}
