import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '@ptychofleet/base';
import { runIdTag, type MlflowMetric, type MlflowOperation } from './operations.ts';
import type { Outbox } from './outbox.ts';
import { ServerAway, ServerRefuses, type MlflowServer } from './server.ts';

const metricsPerCallMax = 1000;
const parametersPerCallMax = 100;
const pauseMinMs = 500;
const pauseMaxMs = 15_000;

const statusOf = { succeeded: 'FINISHED', failed: 'FAILED', interrupted: 'KILLED' } as const;

/** Brings an outbox to the server, in order, as long as it takes; never throws for a server that is away or refuses. */
export class Sender {
  readonly #outbox: Outbox;
  readonly #server: MlflowServer;
  readonly #warn: (text: string) => void;
  readonly #stop = new AbortController();
  #wake: (() => void) | null = null;
  #idle: (() => void)[] = [];
  #away = false;
  #refused = false;
  readonly #done: Promise<void>;

  constructor(outbox: Outbox, server: MlflowServer, warn: (text: string) => void) {
    this.#outbox = outbox;
    this.#server = server;
    this.#warn = warn;
    this.#done = this.#run();
  }

  /** There is something new to send. */
  notify(): void {
    this.#wake?.();
  }

  /** Waits until the server has everything, at most so long; then stops. @returns whether it has */
  async finish(waitMs: number): Promise<boolean> {
    const empty = new Promise<void>((done) => {
      if (this.#outbox.pendingBytes === 0 || this.#refused) done();
      else this.#idle.push(done);
    });
    this.notify();
    const timeout = new AbortController();
    await Promise.race([empty, pause(waitMs, undefined, { signal: timeout.signal }).catch(() => undefined)]);
    timeout.abort();
    this.#stop.abort();
    this.notify();
    await this.#done;
    return this.#outbox.pendingBytes === 0;
  }

  async #run(): Promise<void> {
    let pauseMs = pauseMinMs;
    while (!this.#stop.signal.aborted) {
      if (this.#outbox.pendingBytes === 0) {
        for (const done of this.#idle.splice(0)) done();
        await new Promise<void>((woken) => (this.#wake = woken));
        this.#wake = null;
        continue;
      }
      try {
        await this.#sendNext();
        pauseMs = pauseMinMs;
        if (this.#away) this.#warn('the MLflow server answers again; what was kept for it is being sent');
        this.#away = false;
      } catch (error) {
        if (!(error instanceof ServerAway)) {
          this.#refused = true;
          this.#warn(`nothing more goes to MLflow: ${messageOf(error)}; ${this.#outbox.path} keeps it`);
          for (const done of this.#idle.splice(0)) done();
          return;
        }
        if (!this.#away)
          this.#warn(`the MLflow server is away (${error.message}); its metrics are kept on disk meanwhile`);
        this.#away = true;
        await pause(pauseMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
        pauseMs = Math.min(pauseMaxMs, 2 * pauseMs);
      }
    }
  }

  /** Sends a part of the outbox; a refused operation is told and passed over, since it would be refused for ever. */
  async #sendNext(): Promise<void> {
    const { operations, endBytes } = this.#outbox.next();
    let metrics: MlflowMetric[] = [];
    const flush = async (): Promise<void> => {
      const part = metrics;
      metrics = [];
      if (part.length > 0) await this.#orTell(() => this.#server.logBatch(this.#runId, { metrics: part }));
    };
    for (const operation of operations) {
      if (operation.op === 'metrics') {
        if (metrics.length + operation.metrics.length > metricsPerCallMax) await flush();
        metrics.push(...operation.metrics);
        continue;
      }
      await flush();
      await this.#perform(operation);
    }
    await flush();
    await this.#outbox.delivered({ sentBytes: endBytes });
  }

  get #runId(): string {
    const { mlflowRunId } = this.#outbox.delivery;
    if (mlflowRunId === null) throw new Error('the run could not be made there');
    return mlflowRunId;
  }

  async #perform(operation: Exclude<MlflowOperation, { op: 'metrics' }>): Promise<void> {
    switch (operation.op) {
      case 'begin':
        return this.#begin(operation);
      case 'file':
        return this.#orTell(() => this.#upload(operation));
      case 'end':
        return this.#orTell(() =>
          this.#server.updateRun(this.#runId, statusOf[operation.end], operation.atMs),
        );
    }
  }

  async #begin(operation: Extract<MlflowOperation, { op: 'begin' }>): Promise<void> {
    const { runId, runName, experiment, startedMs, tags, parameters } = operation;
    const experimentId = await this.#server.experiment(experiment);
    const tag = { key: runIdTag, value: runId };
    // Found when an answer was lost, or when a run goes on that had ended.
    const found = await this.#server.findRun(experimentId, tag);
    const info = found ?? (await this.#server.createRun(experimentId, runName, startedMs, [tag, ...tags]));
    await this.#outbox.delivered({ mlflowRunId: info.run_id, artifactUri: info.artifact_uri });
    if (found !== null) await this.#server.updateRun(info.run_id, 'RUNNING', null);
    for (let start = 0; start < parameters.length; start += parametersPerCallMax) {
      const params = parameters.slice(start, start + parametersPerCallMax);
      await this.#orTell(() => this.#server.logBatch(info.run_id, { params }));
    }
  }

  async #upload({ path, name }: Extract<MlflowOperation, { op: 'file' }>): Promise<void> {
    let bytes: Uint8Array;
    try {
      // Relative, so that a run's folder can be moved before it is sent.
      bytes = await readFile(resolve(dirname(this.#outbox.path), path));
    } catch (error) {
      throw new ServerRefuses('GONE', `${path} is not there any more: ${messageOf(error)}`);
    }
    await this.#server.upload(this.#outbox.delivery.artifactUri ?? '', name, bytes);
  }

  async #orTell(send: () => Promise<void>): Promise<void> {
    try {
      await send();
    } catch (error) {
      if (!(error instanceof ServerRefuses)) throw error;
      this.#warn(`MLflow refuses a part of the log: ${error.message}`);
    }
  }
}
