import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bulkWays } from '@ptychofleet/wire';
import { Proxy } from './proxy.ts';

const mainOf = (app: string): string =>
  fileURLToPath(new URL(`../../apps/${app}/dist/main.js`, import.meta.url));

interface LogLine {
  readonly time: number;
  readonly msg: string;
  readonly name?: string;
  readonly workerId?: string;
}

/** A coordinator and workers as processes of their own, each worker behind a line of its own. */
export class ChaosFleet {
  readonly workers: (ChildProcess | null)[] = [];
  readonly proxies: Proxy[] = [];
  #coordinator: ChildProcess | null = null;
  #port = 0;
  readonly #folder: string;
  readonly #log: WriteStream;
  readonly #onLine: (line: LogLine) => void;
  #closing = false;
  /** Coordinators that were meant to end. */
  readonly #killed = new WeakSet<ChildProcess>();

  private constructor(folder: string, onLine: (line: LogLine) => void) {
    this.#folder = folder;
    this.#onLine = onLine;
    this.#log = createWriteStream(join(folder, 'fleet.log'), { flags: 'a' });
  }

  /** @param onLine is told every line of the coordinator's log. */
  static async start(folder: string, workers: number, onLine: (line: LogLine) => void): Promise<ChaosFleet> {
    const fleet = new ChaosFleet(folder, onLine);
    await fleet.startCoordinator();
    for (let i = 0; i < workers; i++) {
      fleet.proxies.push(await Proxy.open(() => fleet.#port));
      fleet.startWorker(i);
    }
    return fleet;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Starts it, or starts it again where it was. Returns when it listens, or when it was killed before. */
  startCoordinator(): Promise<void> {
    // Killed twice while it was away: the first one to come back starts it.
    if (this.#coordinator !== null && !this.#killed.has(this.#coordinator)) return Promise.resolve();
    const args = ['--listen', `127.0.0.1:${this.#port}`, '--state-dir', join(this.#folder, 'state')];
    const child = this.#launch('coordinator', args);
    this.#coordinator = child;
    return new Promise((resolve, reject) => {
      child.once('exit', (code, signal) => {
        if (this.#killed.has(child)) resolve();
        else reject(new Error(`the coordinator ended with ${code ?? signal}; see ${this.#folder}/fleet.log`));
      });
      createInterface({ input: child.stderr! }).on('line', (text) => {
        this.#log.write(`${text}\n`);
        const line = parse(text);
        if (line === null) return;
        if (line.msg === 'listening') {
          this.#port = Number(/:(\d+)"/.exec(text)?.[1]);
          resolve();
        }
        this.#onLine(line);
      });
    });
  }

  startWorker(index: number): void {
    if (this.#closing || this.workers[index] != null) return;
    const { port } = this.proxies[index]!;
    const args = ['--coordinator', `127.0.0.1:${port}`, '--name', `chaos-${index}`, '--accelerator', 'cpu'];
    // Each way that data can travel: what is shared in memory passes the proxies by.
    args.push('--bulk', bulkWays[index % bulkWays.length]!);
    const child = this.#launch('worker', args);
    child.stderr!.pipe(this.#log, { end: false });
    child.once('exit', () => {
      if (this.workers[index] === child) this.workers[index] = null;
    });
    this.workers[index] = child;
  }

  killCoordinator(): void {
    if (this.#coordinator === null) return;
    this.#killed.add(this.#coordinator);
    this.#coordinator.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    this.#closing = true;
    for (const child of this.workers) {
      child?.removeAllListeners('exit');
      child?.kill('SIGKILL');
    }
    for (const proxy of this.proxies) proxy.close();
    await this.#stopCoordinator();
    await new Promise((resolve) => this.#log.end(resolve));
  }

  /** It may clear up: a killed one leaves that to the next. */
  async #stopCoordinator(): Promise<void> {
    const child = this.#coordinator;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.removeAllListeners('exit');
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    await ended;
    clearTimeout(patience);
  }

  #launch(app: string, args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [mainOf(app), ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

function parse(text: string): LogLine | null {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return null;
  }
}
