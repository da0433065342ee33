import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '@ptychofleet/base';
import { writeFileAtomic } from '@ptychofleet/store';
import type { MlflowOperation } from './operations.ts';

/** How far the server has what the outbox holds. */
export interface Delivery {
  readonly sentBytes: number;
  /** The run's name on the server, once it is there. */
  readonly mlflowRunId: string | null;
  /** Where the server wants files, `mlflow-artifacts:/0/…`. */
  readonly artifactUri: string | null;
}

const nothingSent: Delivery = { sentBytes: 0, mlflowRunId: null, artifactUri: null };
const readBytesMax = 256 * 1024;

/** Operations on disk, one JSON line each, until the server has them; a process that dies loses none that was added. */
export class Outbox {
  readonly path: string;
  readonly #deliveryPath: string;
  #length: number;
  #delivery: Delivery;

  constructor(path: string) {
    this.path = path;
    this.#deliveryPath = path.replace(/\.jsonl$/, '.sent.json');
    mkdirSync(dirname(path), { recursive: true });
    this.#length = existsSync(path) ? wholeLines(path) : 0;
    this.#delivery = readDelivery(this.#deliveryPath, this.#length);
  }

  get delivery(): Delivery {
    return this.#delivery;
  }

  /** Bytes that the server has not. */
  get pendingBytes(): number {
    return this.#length - this.#delivery.sentBytes;
  }

  /** @param durable waits for the disk itself */
  add(operation: MlflowOperation, durable: boolean): void {
    const line = `${JSON.stringify(operation)}\n`;
    appendFileSync(this.path, line);
    if (durable) syncFile(this.path);
    this.#length += Buffer.byteLength(line);
  }

  /** The next operations that the server has not, and what is sent once it has them. */
  next(): { readonly operations: readonly MlflowOperation[]; readonly endBytes: number } {
    const start = this.#delivery.sentBytes;
    let size = Math.min(readBytesMax, this.#length - start);
    for (;;) {
      const text = readPart(this.path, start, size);
      const end = text.lastIndexOf('\n') + 1;
      if (end > 0 || start + size >= this.#length) {
        const whole = text.slice(0, end);
        const lines = whole.split('\n').filter((line) => line !== '');
        const operations = lines.map((line) => JSON.parse(line) as MlflowOperation);
        return { operations, endBytes: start + Buffer.byteLength(whole) };
      }
      // One line longer than a part: a description with very many parameters.
      size = Math.min(2 * size, this.#length - start);
    }
  }

  async delivered(delivery: Partial<Delivery>): Promise<void> {
    this.#delivery = { ...this.#delivery, ...delivery };
    await writeFileAtomic(this.#deliveryPath, new TextEncoder().encode(JSON.stringify(this.#delivery)));
  }

  /** Last step and epoch that were added before, so that a history that is told again is not added again. */
  lastAdded(): { readonly step: number; readonly epoch: number } {
    let step = 0;
    let epoch = 0;
    if (this.#length === 0) return { step, epoch };
    for (const line of readFileSync(this.path, 'utf8').split('\n')) {
      if (line === '') continue;
      const operation = JSON.parse(line) as MlflowOperation;
      if (operation.op !== 'metrics') continue;
      if (operation.epoch === null) step = Math.max(step, operation.metrics[0]?.step ?? 0);
      else epoch = Math.max(epoch, operation.epoch);
    }
    return { step, epoch };
  }
}

/** Cuts off a last line that a crash left unfinished; returns the length. */
function wholeLines(path: string): number {
  const size = statSync(path).size;
  const bytes = readFileSync(path);
  const whole = bytes.lastIndexOf(0x0a) + 1;
  if (whole < size) truncateSync(path, whole);
  return whole;
}

function readDelivery(path: string, length: number): Delivery {
  if (!existsSync(path)) return nothingSent;
  try {
    const delivery = JSON.parse(readFileSync(path, 'utf8')) as Delivery;
    return delivery.sentBytes <= length ? delivery : nothingSent;
  } catch (error) {
    throw new Error(`${path} is not readable: ${messageOf(error)}`, { cause: error });
  }
}

function readPart(path: string, start: number, size: number): string {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(size);
    return buffer.subarray(0, readSync(file, buffer, 0, size, start)).toString('utf8');
  } finally {
    closeSync(file);
  }
}

function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
