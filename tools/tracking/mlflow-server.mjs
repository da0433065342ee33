import { spawn } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { context } from './bench.mjs';

const startTimeoutMs = 600_000;

/** A real MLflow server on loopback with its own database, which can be killed and started again. */
export class MlflowServer {
  #python;
  #folder;
  #child = null;
  #port = 0;

  constructor(python, folder) {
    this.#python = python;
    this.#folder = folder;
  }

  get address() {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start() {
    this.#port ||= await freePort();
    const args = ['--host', '127.0.0.1', '--port', String(this.#port), '--workers', '1'];
    const stores = [
      '--backend-store-uri', `sqlite:///${path.join(this.#folder, 'mlflow.db')}`,
      '--artifacts-destination', path.join(this.#folder, 'artifacts'),
    ]; // prettier-ignore
    const env = { ...context.env, MLFLOW_DISABLE_TELEMETRY: 'true', GIT_PYTHON_REFRESH: 'quiet' };
    // A process group of its own: the server starts others, which have to end with it.
    this.#child = spawn(this.#python, ['-m', 'mlflow', 'server', ...args, ...stores], {
      cwd: this.#folder,
      env,
      detached: true,
      stdio: 'ignore',
    });
    const deadline = performance.now() + startTimeoutMs;
    for (;;) {
      const answer = await fetch(`${this.address}/health`).catch(() => null);
      if (answer?.ok) return;
      if (performance.now() > deadline) throw new Error('the MLflow server does not start');
      await setTimeout(200);
    }
  }

  /** At once, as a power cut would. */
  async kill() {
    if (this.#child === null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    process.kill(-this.#child.pid, 'SIGKILL');
    await ended;
    this.#child = null;
  }

  async call(path, body) {
    const request = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }; // prettier-ignore
    const answer = await fetch(`${this.address}/api/2.0/mlflow/${path}`, request);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** All runs of an experiment; empty where it is not known. */
  async runs(experiment) {
    const query = new URLSearchParams({ experiment_name: experiment });
    const found = await this.call(`experiments/get-by-name?${query}`).catch(() => null);
    if (found === null) return [];
    const request = {
      experiment_ids: [found.experiment.experiment_id],
      order_by: ['attributes.start_time ASC'],
    };
    return (await this.call('runs/search', request)).runs ?? [];
  }

  /** `[step, value]` of a metric, all of its history. */
  async metric(runId, key) {
    const query = new URLSearchParams({ run_id: runId, metric_key: key, max_results: '25000' });
    const { metrics = [] } = await this.call(`metrics/get-history?${query}`);
    return metrics.map(({ step, value }) => [Number(step), value]).sort(([a], [b]) => a - b);
  }

  async artifact(run, name) {
    const root = run.info.artifact_uri.replace('mlflow-artifacts:/', '');
    const answer = await fetch(`${this.address}/api/2.0/mlflow-artifacts/artifacts/${root}/${name}`);
    if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
