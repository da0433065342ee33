import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** Processes that are alive: none outlives the bench, however it ends. */
const alive = new Set();

process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]]) process.on(signal, () => process.exit(code)); // prettier-ignore

/** Starts a program that ends with the bench at the latest. */
export function launch(program, args, options) {
  const child = spawn(program, args, options);
  alive.add(child);
  child.on('close', () => alive.delete(child));
  return child;
}

/**
 * Resident memory of a process in MiB: the most it has had, and what is its own now, without pages of files, which processes share.
 * Null where the system does not tell.
 */
export function memoryOf(pid) {
  const status = `/proc/${pid}/status`;
  if (!existsSync(status)) return null;
  const text = readFileSync(status, 'utf8');
  const mebibytes = (field) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(text)?.[1]) / 1024;
  return { peakMiB: mebibytes('VmHWM'), ownMiB: mebibytes('RssAnon') };
}

/** A process that answers each line on its standard input with one line of JSON. */
export class Peer {
  #child;
  #answers = [];
  #waiting = [];
  #ended = null;

  constructor(program, args, environment = {}) {
    this.#child = launch(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    let complaint = '';
    this.#child.stderr.on('data', (data) => (complaint = (complaint + data).slice(-2000)));
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      const taker = this.#waiting.shift();
      if (taker) taker.resolve(JSON.parse(line));
      else this.#answers.push(JSON.parse(line));
    });
    this.#child.on('close', (code) => {
      this.#ended = new Error(`${program} ${args[0]} ended with code ${code}: ${complaint}`);
      for (const { reject } of this.#waiting) reject(this.#ended);
    });
  }

  get pid() {
    return this.#child.pid;
  }

  /** The next line: the first one says that the process is ready. */
  next() {
    const answer = this.#answers.shift();
    if (answer !== undefined) return Promise.resolve(answer);
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  ask(line) {
    const answer = this.next();
    this.#child.stdin.write(`${line}\n`);
    return answer;
  }

  end() {
    this.#child.kill('SIGKILL');
  }
}
