import { messageOf } from '@ptychofleet/base';
import type { KeyValue, MlflowMetric } from './operations.ts';

/** The server is away or overloaded: sending again later can help. */
export class ServerAway extends Error {}

/** The server answered that it will not take this: sending it again cannot help. */
export class ServerRefuses extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface MlflowAddress {
  /** http or https, without credentials. */
  readonly trackingUri: string;
  /** Value of the Authorization header, as `Bearer …`; null for a server without log-in. */
  readonly authorization: string | null;
}

const callTimeoutMs = 10_000;
const uploadTimeoutMs = 300_000;

interface RunInfo {
  readonly run_id: string;
  readonly artifact_uri: string;
}

/** The calls of MLflow's REST API that a log needs. */
export class MlflowServer {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ trackingUri, authorization }: MlflowAddress) {
    this.#base = trackingUri.replace(/\/+$/, '');
    this.#headers = authorization === null ? {} : { authorization };
  }

  /** Id of the experiment of this name, made if missing. */
  async experiment(name: string): Promise<string> {
    const find = async (): Promise<string> => {
      const query = new URLSearchParams({ experiment_name: name });
      const found = await this.#call('GET', `experiments/get-by-name?${query}`);
      return (found as { experiment: { experiment_id: string } }).experiment.experiment_id;
    };
    try {
      return await find();
    } catch (error) {
      if (!(error instanceof ServerRefuses && error.code === 'RESOURCE_DOES_NOT_EXIST')) throw error;
    }
    try {
      const made = await this.#call('POST', 'experiments/create', { name });
      return (made as { experiment_id: string }).experiment_id;
    } catch (error) {
      // Another run was faster.
      if (error instanceof ServerRefuses && error.code === 'RESOURCE_ALREADY_EXISTS') return find();
      throw error;
    }
  }

  async findRun(experimentId: string, tag: KeyValue): Promise<RunInfo | null> {
    const filter = `tags.\`${tag.key}\` = '${tag.value}'`;
    const request = { experiment_ids: [experimentId], filter, max_results: 1 };
    const found = await this.#call('POST', 'runs/search', request);
    return (found as { runs?: { info: RunInfo }[] }).runs?.[0]?.info ?? null;
  }

  async createRun(
    experimentId: string,
    name: string,
    startedMs: number,
    tags: readonly KeyValue[],
  ): Promise<RunInfo> {
    const request = { experiment_id: experimentId, run_name: name, start_time: startedMs, tags };
    const made = await this.#call('POST', 'runs/create', request);
    return (made as { run: { info: RunInfo } }).run.info;
  }

  async logBatch(
    runId: string,
    batch: { readonly metrics?: readonly MlflowMetric[]; readonly params?: readonly KeyValue[] },
  ): Promise<void> {
    await this.#call('POST', 'runs/log-batch', { run_id: runId, ...batch });
  }

  /** @param endMs null while it runs */
  async updateRun(runId: string, status: string, endMs: number | null): Promise<void> {
    const end = endMs === null ? {} : { end_time: endMs };
    await this.#call('POST', 'runs/update', { run_id: runId, status, ...end });
  }

  /** @throws ServerRefuses where the server does not take files itself */
  async upload(artifactUri: string, name: string, bytes: Uint8Array): Promise<void> {
    const root = /^mlflow-artifacts:\/(?:\/[^/]*)?\/*(.*)$/.exec(artifactUri)?.[1];
    if (root === undefined) {
      throw new ServerRefuses(
        'UNSUPPORTED',
        `the server keeps files at ${artifactUri} and does not take them itself; start it with --serve-artifacts`,
      );
    }
    const path = `${root}/${name}`.split('/').map(encodeURIComponent).join('/');
    await this.#send('PUT', `/api/2.0/mlflow-artifacts/artifacts/${path}`, bytes, uploadTimeoutMs);
  }

  #call(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
    const content = body === undefined ? undefined : JSON.stringify(body);
    return this.#send(method, `/api/2.0/mlflow/${path}`, content, callTimeoutMs);
  }

  async #send(
    method: string,
    path: string,
    body: string | Uint8Array | undefined,
    timeoutMs: number,
  ): Promise<unknown> {
    let status: number;
    let text: string;
    try {
      const type = typeof body === 'string' ? 'application/json' : 'application/octet-stream';
      const response = await fetch(`${this.#base}${path}`, {
        method,
        headers: { ...this.#headers, ...(body === undefined ? {} : { 'content-type': type }) },
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      status = response.status;
      text = await response.text();
    } catch (error) {
      throw new ServerAway(reasonOf(error), { cause: error });
    }
    if (status >= 200 && status < 300) return parsed(text) ?? {};
    const told = (parsed(text) ?? {}) as { error_code?: string; message?: string };
    if (status >= 500 || status === 408 || status === 429)
      throw new ServerAway(told.message ?? `it answers with status ${status}`);
    throw new ServerRefuses(told.error_code ?? `HTTP ${status}`, told.message ?? `status ${status}`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  const cause = (error as { readonly cause?: unknown }).cause;
  return messageOf(cause ?? error);
}
