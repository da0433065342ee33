import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Metric {
  readonly key: string;
  readonly value: number | string;
  readonly step: number;
  readonly timestamp: number;
}

/** What MLflow's server does with the calls of a log, in memory; `tools/tracking` tries the real one. */
export class TrackingServer {
  readonly experiments: string[] = [];
  readonly runs: { tags: Map<string, string>; name: string; status: string }[] = [];
  readonly params = new Map<string, string>();
  /** As the real store keeps them: a metric that comes twice is one. */
  readonly metrics = new Map<string, Metric>();
  readonly files = new Map<string, string>();
  readonly authorizations = new Set<string | undefined>();
  calls = 0;
  /** Answers of the next calls instead of the proper ones; `lost` does the work and hides that it did. */
  readonly trouble: ('lost' | 503 | 400)[] = [];
  #server: Server | null = null;
  #port = 0;

  get address(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  async start(): Promise<void> {
    this.#server = createServer((request, response) => {
      void answer(this, request).then(({ status, body }) => {
        if (status === 0) return response.destroy();
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
    await new Promise<void>((listening) => this.#server?.listen(this.#port, '127.0.0.1', listening));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((closed) => this.#server?.close(closed));
  }

  values(key: string): readonly (number | string)[] {
    return [...this.metrics.values()]
      .filter((metric) => metric.key === key)
      .sort((a, b) => a.step - b.step)
      .map(({ value }) => value);
  }
}

async function answer(server: TrackingServer, request: IncomingMessage) {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  server.calls += 1;
  server.authorizations.add(request.headers.authorization);
  const trouble = server.trouble.shift();
  if (typeof trouble === 'number') return { status: trouble, body: { error_code: 'NO', message: 'not now' } };
  const { status, body } = perform(server, request, Buffer.concat(parts).toString());
  return { status: trouble === 'lost' ? 0 : status, body };
}

function perform(server: TrackingServer, { url = '', method }: IncomingMessage, text: string) {
  const ok = (body: object = {}) => ({ status: 200, body });
  const info = (place: number) => ({
    run_id: `m${place}`,
    artifact_uri: `mlflow-artifacts:/0/m${place}/artifacts`,
  });
  const path = url.replace('/api/2.0/', '');
  if (method === 'PUT') {
    server.files.set(path.replace('mlflow-artifacts/artifacts/', ''), text);
    return ok();
  }
  const said = text === '' ? {} : JSON.parse(text);
  if (path.startsWith('mlflow/experiments/get-by-name')) {
    const name = new URL(url, 'http://localhost').searchParams.get('experiment_name') ?? '';
    const place = server.experiments.indexOf(name);
    if (place < 0) return { status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST' } };
    return ok({ experiment: { experiment_id: String(place) } });
  }
  switch (path) {
    case 'mlflow/experiments/create':
      return ok({ experiment_id: String(server.experiments.push(said.name) - 1) });
    case 'mlflow/runs/search': {
      const [, key = '', value] = /^tags\.`(.+)` = '(.+)'$/.exec(said.filter) ?? [];
      const place = server.runs.findIndex(({ tags }) => tags.get(key) === value);
      return ok(place < 0 ? {} : { runs: [{ info: info(place) }] });
    }
    case 'mlflow/runs/create': {
      const tags = new Map<string, string>(
        said.tags.map((tag: { key: string; value: string }) => [tag.key, tag.value]),
      );
      return ok({
        run: { info: info(server.runs.push({ tags, name: said.run_name, status: 'RUNNING' }) - 1) },
      });
    }
    case 'mlflow/runs/log-batch':
      for (const { key, value } of said.params ?? []) server.params.set(key, value);
      for (const metric of said.metrics ?? [])
        server.metrics.set(JSON.stringify([metric.key, metric.step, metric.timestamp, metric.value]), metric);
      return ok();
    case 'mlflow/runs/update': {
      const run = server.runs[Number(said.run_id.slice(1))];
      if (run !== undefined) run.status = said.status;
      return ok();
    }
    default:
      return { status: 404, body: { error_code: 'ENDPOINT_NOT_FOUND', message: path } };
  }
}
