import { appendFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@ptychofleet/base';
import {
  valuesOfEpoch,
  valuesOfStep,
  type EpochMetrics,
  type LoggedRun,
  type MetricValues,
  type RunLog,
  type StepMetrics,
} from '../run-log.ts';
import { encodeEvent, sessionStart, type TensorBoardEvent } from './event-schema.ts';
import { tfRecord } from './record.ts';

const dtString = 7;

/** Event files as TensorBoard reads them: scalars by step, the configuration as a text. */
export class TensorBoardLog implements RunLog {
  readonly #path: string;
  readonly #clock: Clock;
  #continued: boolean;

  /** @param continued whether an earlier event file in the folder may hold steps that come again */
  constructor(folder: string, run: LoggedRun, continued: boolean, clock: Clock) {
    const started = Math.floor(clock.nowMs() / 1000);
    this.#path = join(folder, `events.out.tfevents.${started}.${hostname()}.${process.pid}.0`);
    this.#clock = clock;
    this.#continued = continued;
    this.#write({ fileVersion: 'brain.Event:2' });
    if (!continued) this.#writeConfiguration(run);
  }

  step(metrics: StepMetrics): void {
    // The reader drops what it has from this step on, so that nothing is seen twice.
    if (this.#continued) this.#write({ step: metrics.step, sessionLog: { status: sessionStart } });
    this.#continued = false;
    this.#writeScalars(metrics.step, valuesOfStep(metrics));
  }

  epoch(metrics: EpochMetrics): void {
    this.#writeScalars(metrics.step, valuesOfEpoch(metrics));
  }

  file(): void {
    // Pictures of a run stay in its folder.
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #writeScalars(step: number, values: MetricValues): void {
    const value = Object.entries(values).map(([tag, simpleValue]) => ({ tag, simpleValue }));
    this.#write({ step, summary: { value } });
  }

  #writeConfiguration({ runId, parameters }: LoggedRun): void {
    const rows = Object.entries({ run_id: runId, ...parameters }).map(
      ([name, value]) => `| ${name} | ${String(value ?? 'none').replaceAll('|', '\\|')} |`,
    );
    const text = ['| field | value |', '| --- | --- |', ...rows].join('\n');
    const tensor = {
      dtype: dtString,
      tensorShape: { dim: [{ size: 1 }] },
      stringVal: [new TextEncoder().encode(text)],
    };
    const metadata = { pluginData: { pluginName: 'text' } };
    this.#write({ step: 0, summary: { value: [{ tag: 'configuration', metadata, tensor }] } });
  }

  #write(event: Omit<TensorBoardEvent, 'wallTime'>): void {
    const bytes = encodeEvent({ wallTime: this.#clock.nowMs() / 1000, ...event });
    appendFileSync(this.#path, tfRecord(bytes));
  }
}
