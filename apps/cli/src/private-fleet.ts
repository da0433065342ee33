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

const startTimeoutMs = 60_000;
const restartsMax = 10;

/** How a coordinator answers the one that started it. */
type StartMessage =
  | { readonly type: 'listening'; readonly address: string }
  | { readonly type: 'refused'; readonly kind: ErrorKind; readonly reason: string };

const mainOf = (app: string): string => fileURLToPath(new URL(`../../${app}/dist/main.js`, import.meta.url));

/** A coordinator and workers of our own: the same processes and the same gRPC as any fleet, on a unix socket. */
export class PrivateFleet {
  readonly address: string;
  readonly workerPids: readonly number[];
  readonly #startCoordinator: () => ChildProcess;
  readonly #workers: readonly ChildProcess[];
  readonly #folder: string;
  readonly #logFolder: string;
  #coordinator: ChildProcess;
  #stopping = false;

  private constructor(
    address: string,
    coordinator: ChildProcess,
    startCoordinator: () => ChildProcess,
    workers: readonly ChildProcess[],
    folders: { readonly own: string; readonly logs: string },
  ) {
    this.address = address;
    this.#coordinator = coordinator;
    this.#startCoordinator = startCoordinator;
    this.#workers = workers;
    this.#folder = folders.own;
    this.#logFolder = folders.logs;
    this.workerPids = workers.map((child) => child.pid ?? 0);
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
      const launchCoordinator = (at: string): ChildProcess =>
        launch('coordinator', 'coordinator', [
          '--listen',
          at,
          '--state-dir',
          stateFolder,
          ...(options.coordinatorArguments ?? []),
        ]);
      const coordinator = launchCoordinator(listen);
      const address = await listening(coordinator, options.logFolder);
      const workers: ChildProcess[] = [];
      for (let i = 1; i <= options.workers; i++) {
        const worker = launch('worker', `worker-${i}`, [
          '--coordinator',
          address,
          '--name',
          `local-${i}`,
          ...(options.workerArguments ?? []),
        ]);
        worker.on('error', () => undefined);
        workers.push(worker);
      }
      // Where the port was any free one, it is that one from now on.
      const restart = (): ChildProcess => launchCoordinator(address);
      const folders = { own: folder, logs: options.logFolder };
      return new PrivateFleet(address, coordinator, restart, workers, folders);
    } catch (error) {
      for (const child of children) child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /**
   * Starts a coordinator that was killed again: it goes on with its runs by itself. Rejects when it ends for a reason of
   * its own, when it is killed again and again, or when no worker is left.
   */
  watch(): Promise<never> {
    let alive = this.#workers.length;
    let restarts = 0;
    return new Promise((_, reject) => {
      const attend = (): void => {
        this.#coordinator.once('exit', (code, signal) => {
          if (this.#stopping) return;
          if (signal === null || restarts === restartsMax) {
            const how = signal === null ? `ended with code ${code}` : `was killed ${restarts + 1} times`;
            reject(new Fault('unavailable', `the coordinator ${how}; see ${this.#logFolder}`));
            return;
          }
          restarts += 1;
          this.#coordinator = this.#startCoordinator();
          attend();
        });
      };
      attend();
      for (const worker of this.#workers) {
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
    this.#stopping = true;
    for (const worker of this.#workers) worker.kill('SIGTERM');
    await Promise.all(this.#workers.map((worker) => ended(worker, 3000)));
    this.#coordinator.kill('SIGTERM');
    // It saves what the runs have reached.
    await ended(this.#coordinator, 10_000);
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
