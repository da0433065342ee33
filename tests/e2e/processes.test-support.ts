import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const bin = fileURLToPath(new URL('../../apps/cli/bin/ptychofleet.js', import.meta.url));
// Far above what any command here needs: a hang fails the test instead of the whole suite.
// No process outlives the suite; how long a test may take is the test's own limit.
const timeoutMs = 600_000;

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that a test started, with everything that it has said so far. */
export class Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #listeners = new Set<() => void>();
  #stdout = '';
  #stderr = '';
  #closed = false;

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>>, cwd?: string) {
    // A group of its own, so that nothing it starts can be left behind.
    this.#child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      cwd,
    });
    this.pid = this.#child.pid ?? 0;
    this.#child.stdout?.on('data', (bytes: Buffer) => this.#heard(() => (this.#stdout += bytes.toString())));
    this.#child.stderr?.on('data', (bytes: Buffer) => this.#heard(() => (this.#stderr += bytes.toString())));
    const timer = setTimeout(() => this.killGroup(), timeoutMs);
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code) => {
        clearTimeout(timer);
        this.#heard(() => (this.#closed = true));
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  get output(): string {
    return this.#stdout + this.#stderr;
  }

  /** Waits until the process has said something that matches; fails when it ends without having said it. */
  said(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(this.output);
        if (match === null && !this.#closed) return;
        this.#listeners.delete(look);
        if (match !== null) resolve(match);
        else reject(new Error(`process ${this.pid} ended without saying ${pattern}:\n${this.output}`));
      };
      this.#listeners.add(look);
      look();
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  killGroup(): void {
    if (!this.#closed && isAlive(this.pid)) process.kill(-this.pid, 'SIGKILL');
  }

  #heard(take: () => unknown): void {
    take();
    for (const listener of [...this.#listeners]) listener();
  }
}

/** A temporary folder and the processes of one test file; both are gone when the file is done. */
export class Bench {
  #folder: string | null = null;
  readonly #running: Running[] = [];

  constructor() {
    afterAll(async () => {
      for (const running of this.#running) running.killGroup();
      await Promise.all(this.#running.map(({ ended }) => ended));
      if (this.#folder !== null)
        rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    });
  }

  /** Made when it is first asked for: a file whose tests are all skipped leaves nothing behind. */
  get folder(): string {
    this.#folder ??= mkdtempSync(join(tmpdir(), 'ptychofleet-e2e-'));
    return this.#folder;
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** Starts `ptychofleet` in the bench's folder, so that a line can be taken from a page as it is. */
  startHere(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const running = new Running(process.execPath, [bin, ...args], env, this.folder);
    this.#running.push(running);
    return running;
  }

  /**
   * Starts `ptychofleet` with the arguments.
   * @param through a command that becomes it, such as `nsenter` with its flags
   */
  start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    through: readonly string[] = [],
  ): Running {
    const [command = '', ...rest] = [...through, process.execPath, bin, ...args];
    return this.launch(command, rest, env);
  }

  launch(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const running = new Running(command, args, env);
    this.#running.push(running);
    return running;
  }

  /** Runs `ptychofleet` to its end. */
  run(...args: string[]): Promise<Ended> {
    return this.start(args).ended;
  }

  /** The same for a command that has to succeed. */
  async succeed(...args: string[]): Promise<Ended> {
    const ended = await this.run(...args);
    if (ended.code === 0) return ended;
    throw new Error(`ptychofleet ${args.join(' ')} ended with ${ended.code}:\n${ended.stderr}`);
  }
}

/** Files below a folder, sorted; empty when there is no such folder. */
export function filesBelow(folder: string): string[] {
  let entries;
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Processes whose parent is `pid`. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => statusOf(candidate)?.parent === pid);
}

/** Whether a process still runs; one that only waits to be buried does not. */
export function isAlive(pid: number): boolean {
  const status = statusOf(pid);
  return status !== null && status.state !== 'Z';
}

function statusOf(pid: number): { state: string; parent: number } | null {
  try {
    // "pid (name) state parent …", and the name may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return null;
  }
}
