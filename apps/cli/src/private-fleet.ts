import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault, type ErrorKind } from '@ptychofleet/base';

export interface FleetOptions {
  readonly workers: number;
  readonly listen?: string;
  /** Where the processes' logs go. */
  readonly logFolder: string;
  /** Where the coordinator keeps what it holds; a temporary folder when left out. */
  readonly stateFolder?: string;
  /** Further arguments of the coordinator. */
  readonly coordinatorArguments?: readonly string[];
  /** Further arguments of every worker. */
  readonly workerArguments?: readonly string[];
}

const startTimeoutMs = 30_000;

/** How a coordinator answers the one that started it. */
type StartMessage =
  | { readonly type: 'listening'; readonly address: string }
  | { readonly type: 'refused'; readonly kind: ErrorKind; readonly reason: string };

const mainOf = (app: string): string => fileURLToPath(new URL(`../../${app}/dist/main.js`, import.meta.url));

/** A coordinator and workers of our own: the same processes and the same gRPC as any fleet, on a unix socket. */
export class PrivateFleet {
  readonly address: string;
  readonly workerPids: readonly number[];
  readonly #children: readonly ChildProcess[];
  readonly #folder: string;
  readonly #logFolder: string;

  private constructor(
    address: string,
    children: readonly ChildProcess[],
    folders: { readonly own: string; readonly logs: string },
  ) {
    this.address = address;
    this.#children = children;
    this.#folder = folders.own;
    this.#logFolder = folders.logs;
    this.workerPids = children.slice(1).map((child) => child.pid ?? 0);
  }

  static async start(options: FleetOptions): Promise<PrivateFleet> {
    const folder = await mkdtemp(join(tmpdir(), 'ptychofleet-'));
    mkdirSync(options.logFolder, { recursive: true });
    const listen = options.listen ?? `unix:${join(folder, 'coordinator.sock')}`;
    const children: ChildProcess[] = [];
    const launch = (app: string, name: string, args: readonly string[]): ChildProcess => {
      const log = openSync(join(options.logFolder, `${name}.log`), 'a');
      const child = spawn(process.execPath, [mainOf(app), ...args], {
        stdio: ['ignore', log, log, 'ipc'],
        // Its own process group: Ctrl-C reaches the command alone, which then stops the fleet in order.
        detached: true,
      });
      closeSync(log);
      children.push(child);
      return child;
    };
    try {
      const stateFolder = options.stateFolder ?? join(folder, 'state');
      const coordinator = launch('coordinator', 'coordinator', [
        '--listen',
        listen,
        '--state-dir',
        stateFolder,
        ...(options.coordinatorArguments ?? []),
      ]);
      const address = await listening(coordinator, options.logFolder);
      for (let i = 1; i <= options.workers; i++) {
        const worker = launch('worker', `worker-${i}`, [
          '--coordinator',
          address,
          '--name',
          `local-${i}`,
          ...(options.workerArguments ?? []),
        ]);
        worker.on('error', () => undefined);
      }
      return new PrivateFleet(address, children, { own: folder, logs: options.logFolder });
    } catch (error) {
      for (const child of children) child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Rejects when the coordinator ends, or when no worker is left. */
  watch(): Promise<never> {
    const [coordinator, ...workers] = this.#children;
    let alive = workers.length;
    return new Promise((_, reject) => {
      coordinator?.once('exit', (code) =>
        reject(new Fault('unavailable', `the coordinator ended with code ${code}; see ${this.#logFolder}`)),
      );
      for (const worker of workers) {
        worker.once('exit', () => {
          alive -= 1;
          if (alive === 0) {
            reject(new Fault('unavailable', `all workers have ended; see why in ${this.#logFolder}`));
          }
        });
      }
    });
  }

  async stop(): Promise<void> {
    const [coordinator, ...workers] = this.#children;
    for (const worker of workers) worker.kill('SIGTERM');
    await Promise.all(workers.map((worker) => ended(worker, 3000)));
    coordinator?.kill('SIGTERM');
    if (coordinator !== undefined) await ended(coordinator, 3000);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function listening(child: ChildProcess, logFolder: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(`silent for ${startTimeoutMs / 1000} s`), startTimeoutMs);
    const end = (fault: Fault): void => {
      clearTimeout(timer);
      reject(fault);
    };
    const fail = (why: string): void => {
      const log = join(logFolder, 'coordinator.log');
      end(new Fault('unavailable', `the coordinator did not start: ${why}; see ${log}`));
    };
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`it ended with code ${code}`));
    child.on('message', (message: StartMessage) => {
      if (message.type === 'refused') return end(new Fault(message.kind, message.reason));
      clearTimeout(timer);
      resolve(message.address);
    });
  });
}

function ended(child: ChildProcess, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
