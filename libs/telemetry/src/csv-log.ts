import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import {
  metricNames,
  valuesOfEpoch,
  valuesOfStep,
  type EpochMetrics,
  type MetricValues,
  type RunLog,
  type StepMetrics,
} from './run-log.ts';

const columns = ['epoch', 'step', ...metricNames];

/** One row per step and one per epoch; a column that a row has nothing for is empty. */
export class CsvLog implements RunLog {
  readonly #path: string;
  #lastStep = 0;
  #lastEpoch = 0;

  /** @param path a file that is there is continued, a last row that was cut off is written again */
  constructor(path: string) {
    this.#path = path;
    if (existsSync(path)) this.#resume(readFileSync(path, 'utf8'));
    else appendFileSync(path, `${columns.join(',')}\n`);
  }

  step(metrics: StepMetrics): void {
    if (metrics.step <= this.#lastStep) return;
    this.#append(metrics, valuesOfStep(metrics));
    this.#lastStep = metrics.step;
  }

  epoch(metrics: EpochMetrics): void {
    if (metrics.epoch <= this.#lastEpoch) return;
    this.#append(metrics, valuesOfEpoch(metrics));
    this.#lastEpoch = metrics.epoch;
  }

  file(): void {
    // Files stay where they are.
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #append({ epoch, step }: { readonly epoch: number; readonly step: number }, values: MetricValues): void {
    const cells = [epoch, step, ...metricNames.map((name) => values[name] ?? '')];
    appendFileSync(this.#path, `${cells.join(',')}\n`);
  }

  #resume(text: string): void {
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole.length < text.length) truncateSync(this.#path, Buffer.byteLength(whole));
    const ofEpoch = columns.indexOf('train_loss_epoch');
    for (const line of whole.split('\n').slice(1, -1)) {
      const cells = line.split(',');
      if (cells[ofEpoch] === '') this.#lastStep = Number(cells[1]);
      else this.#lastEpoch = Number(cells[0]);
    }
  }
}
