import {
  credentials,
  type Client,
  type ClientReadableStream,
  type ClientWritableStream,
} from '@grpc/grpc-js';
import { digestOf, Fault } from '@ptychofleet/base';
import { limits } from '@ptychofleet/config';
import { parseAddress } from './address.ts';
import { ChunkCollector, chunksOf, type CollectorOptions } from './chunks.ts';
import { faultOf } from './faults.ts';
import type { Chunk__Output } from './gen/ptychofleet/v1/Chunk.ts';
import type { CreateRunRequest } from './gen/ptychofleet/v1/CreateRunRequest.ts';
import type { Dataset__Output } from './gen/ptychofleet/v1/Dataset.ts';
import type { Model__Output } from './gen/ptychofleet/v1/Model.ts';
import type { Run__Output } from './gen/ptychofleet/v1/Run.ts';
import type { RunEvent__Output } from './gen/ptychofleet/v1/RunEvent.ts';
import type { Worker__Output } from './gen/ptychofleet/v1/Worker.ts';
import { services } from './protocol.ts';

export const channelOptions = {
  'grpc.max_receive_message_length': limits.messageBytesMax,
  'grpc-node.flow_control_window': limits.receiveWindowBytes,
  'grpc.enable_retries': 0,
  'grpc.keepalive_time_ms': 20_000,
  // A coordinator that was started again is found soon.
  'grpc.initial_reconnect_backoff_ms': limits.reconnectDelayMinMs,
  'grpc.max_reconnect_backoff_ms': limits.reconnectDelayMaxMs,
} as const;

type Unary<Request, Response> = (
  request: Request,
  callback: (error: unknown, response?: Response) => void,
) => unknown;

function call<Request, Response>(
  doing: string,
  method: Unary<Request, Response>,
  request: Request,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    method(request, (error, response) => {
      if (error !== null && error !== undefined) reject(faultOf(error, doing));
      else resolve(response as Response);
    });
  });
}

/** Connects, or says in one sentence what was tried. */
export function waitForReady(client: Client, address: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    client.waitForReady(Date.now() + timeoutMs, (error) => {
      if (error === undefined || error === null) return resolve();
      const tried = `no coordinator answered at ${address} within ${timeoutMs / 1000} s`;
      const fix =
        'start one with `ptychofleet coordinator` or `ptychofleet up`, or leave --coordinator out for a private fleet';
      reject(new Fault('unavailable', `${tried}; ${fix}`, { field: '--coordinator', received: address }));
    });
  });
}

/** Sends bytes as a client stream, no faster than the other side takes them. */
export async function sendChunks<Request>(
  stream: ClientWritableStream<Request>,
  bytes: Uint8Array,
  wrap: (chunk: { data: Buffer; totalBytes: number }, first: boolean) => Request,
  last?: () => Request,
): Promise<void> {
  let first = true;
  for (const chunk of chunksOf(bytes)) {
    const flowing = stream.write(wrap(chunk, first));
    first = false;
    if (flowing) continue;
    await new Promise<void>((resolve) => {
      stream.once('drain', resolve);
      stream.once('error', () => resolve());
      stream.once('close', resolve);
    });
  }
  if (last !== undefined) stream.write(last());
  stream.end();
}

/** Reads a server stream of chunks into one array. */
export async function receiveChunks(
  stream: ClientReadableStream<{ chunk: Chunk__Output | null }>,
  what: string,
  bytesMax: number,
  options: CollectorOptions = {},
): Promise<Uint8Array> {
  const collector = new ChunkCollector(what, bytesMax, options);
  try {
    for await (const message of stream as AsyncIterable<{ chunk: Chunk__Output | null }>) {
      if (message.chunk !== null) collector.add(message.chunk);
    }
  } catch (error) {
    throw faultOf(error, what);
  }
  return collector.finish();
}

const artifactBytesMax = 2 ** 31;

/** The public API as a client sees it; the command line and tests use nothing else. */
export class CoordinatorClient {
  readonly address: string;
  readonly #runs;
  readonly #data;
  readonly #models;
  readonly #fleet;
  readonly #watching = new Set<ClientReadableStream<unknown>>();

  constructor(address: string) {
    this.address = parseAddress(address, '--coordinator');
    const secrets = credentials.createInsecure();
    this.#runs = new services.RunService(this.address, secrets, channelOptions);
    this.#data = new services.DataService(this.address, secrets, channelOptions);
    this.#models = new services.ModelService(this.address, secrets, channelOptions);
    this.#fleet = new services.FleetService(this.address, secrets, channelOptions);
  }

  connect(timeoutMs: number): Promise<void> {
    return waitForReady(this.#runs, this.address, timeoutMs);
  }

  /** Ends what is under way as well: a stream that is being watched would keep the process alive. */
  close(): void {
    for (const stream of this.#watching) stream.cancel();
    for (const client of [this.#runs, this.#data, this.#models, this.#fleet]) client.close();
  }

  async createRun(request: CreateRunRequest): Promise<Run__Output> {
    const method: Unary<CreateRunRequest, { run: Run__Output | null }> = (r, c) => this.#runs.createRun(r, c);
    return required((await call('create run', method, request)).run, 'run');
  }

  async getRun(runId: string): Promise<Run__Output> {
    const method: Unary<{ runId: string }, { run: Run__Output | null }> = (r, c) => this.#runs.getRun(r, c);
    return required((await call('get run', method, { runId })).run, 'run');
  }

  async listRuns(): Promise<Run__Output[]> {
    const method: Unary<object, { runs: Run__Output[] }> = (r, c) => this.#runs.listRuns(r, c);
    return (await call('list runs', method, {})).runs;
  }

  async cancelRun(runId: string): Promise<Run__Output> {
    const method: Unary<{ runId: string }, { run: Run__Output | null }> = (r, c) =>
      this.#runs.cancelRun(r, c);
    return required((await call('cancel run', method, { runId })).run, 'run');
  }

  async pauseRun(runId: string): Promise<Run__Output> {
    const method: Unary<{ runId: string }, { run: Run__Output | null }> = (r, c) => this.#runs.pauseRun(r, c);
    return required((await call('pause run', method, { runId })).run, 'run');
  }

  async resumeRun(runId: string): Promise<Run__Output> {
    const method: Unary<{ runId: string }, { run: Run__Output | null }> = (r, c) =>
      this.#runs.resumeRun(r, c);
    return required((await call('resume run', method, { runId })).run, 'run');
  }

  async *watchRun(runId: string, fromSequence = 0): AsyncGenerator<RunEvent__Output> {
    const stream = this.#runs.watchRun({ runId, fromSequence });
    this.#watching.add(stream);
    try {
      for await (const { event } of stream as AsyncIterable<{ event: RunEvent__Output | null }>) {
        if (event !== null) yield event;
      }
    } catch (error) {
      throw faultOf(error, 'watch run');
    } finally {
      this.#watching.delete(stream);
      stream.cancel();
    }
  }

  /**
   * @param digest what the run says it has; left out for what is made anew whenever it is asked for
   * @throws Fault data-loss where something else arrives
   */
  async downloadArtifact(runId: string, name: string, digest?: string): Promise<Uint8Array> {
    const stream = this.#runs.downloadArtifact({ runId, name });
    const bytes = await receiveChunks(stream, `artifact ${name}`, artifactBytesMax);
    if (digest === undefined || digestOf(bytes) === digest) return bytes;
    throw new Fault(
      'data-loss',
      `${name} of ${runId} is damaged: it arrived with another digest than ${digest}`,
    );
  }

  async getDataset(digest: string): Promise<Dataset__Output> {
    const method: Unary<{ digest: string }, { dataset: Dataset__Output | null }> = (r, c) =>
      this.#data.getDataset(r, c);
    return required((await call('get dataset', method, { digest })).dataset, 'dataset');
  }

  async uploadDataset(name: string, bytes: Uint8Array): Promise<Dataset__Output> {
    return new Promise((resolve, reject) => {
      const stream = this.#data.uploadDataset((error, response) => {
        if (error) reject(faultOf(error, `upload of ${name}`));
        else resolve(required(response?.dataset ?? null, 'dataset'));
      });
      void sendChunks(stream, bytes, (chunk, first) => ({ name: first ? name : '', chunk }));
    });
  }

  async getModel(digest: string): Promise<Model__Output> {
    const method: Unary<{ digest: string }, { model: Model__Output | null }> = (r, c) =>
      this.#models.getModel(r, c);
    return required((await call('get model', method, { digest })).model, 'model');
  }

  async openModel(bytes: Uint8Array): Promise<Model__Output> {
    return new Promise((resolve, reject) => {
      const stream = this.#models.openModel((error, response) => {
        if (error) reject(faultOf(error, 'opening the model'));
        else resolve(required(response?.model ?? null, 'model'));
      });
      void sendChunks(stream, bytes, (chunk) => ({ chunk }));
    });
  }

  /** Returns its handle. */
  async uploadCheckpoint(bytes: Uint8Array): Promise<string> {
    return new Promise((resolve, reject) => {
      const stream = this.#runs.uploadCheckpoint((error, response) => {
        if (error) reject(faultOf(error, 'upload of the checkpoint'));
        else resolve(response?.digest ?? '');
      });
      void sendChunks(stream, bytes, (chunk) => ({ chunk }));
    });
  }

  saveModel(digest: string): Promise<Uint8Array> {
    return receiveChunks(this.#models.saveModel({ digest }), 'model bundle', artifactBytesMax);
  }

  async drainWorker(workerId: string): Promise<Worker__Output> {
    const method: Unary<{ workerId: string }, { worker: Worker__Output | null }> = (r, c) =>
      this.#fleet.drainWorker(r, c);
    return required((await call('drain worker', method, { workerId })).worker, 'worker');
  }

  async listWorkers(): Promise<Worker__Output[]> {
    const method: Unary<object, { workers: Worker__Output[] }> = (r, c) => this.#fleet.listWorkers(r, c);
    return (await call('list workers', method, {})).workers;
  }
}

function required<Value>(value: Value | null, what: string): Value {
  if (value === null) throw new Fault('data-loss', `the coordinator answered without a ${what}`);
  return value;
}
