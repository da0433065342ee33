import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { launch, memoryOf, Peer } from './child.mjs';

const stdio = ['ignore', 'pipe', 'pipe', 'ipc'];

function ended(child) {
  return child.exitCode === null && child.signalCode === null
    ? new Promise((resolve) => child.once('close', resolve))
    : Promise.resolve();
}

/** Keeps what a process logs, with the time of each line in ms since 1970. */
export function keepLog(child) {
  const log = [];
  child.stdout.resume();
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.startsWith('{')) log.push(JSON.parse(line));
  });
  return log;
}

/** What a worker did: [{ time, microBatches, pullMs, computeMs, pushMs }]; `time` is when the result was delivered. */
export function tasksOf({ log }) {
  return log.filter(({ msg }) => msg === 'task done');
}

const patienceMs = 300_000;

/** Waits until `look` finds something; fails when a process that is needed for it has ended, or after five minutes. */
export async function until(look, ...children) {
  for (const startedMs = Date.now(); ;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() - startedMs > patienceMs) throw new Error(`waited in vain for ${look}`);
    for (const { exitCode, signalCode } of children) {
      const end = exitCode ?? signalCode;
      if (end !== null) throw new Error(`a process ended with ${end} before it did what was waited for`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function startCoordinator(context, { state, listen, flags }) {
  const profile = context.profiles === null ? [] : ['--cpu-prof', '--cpu-prof-dir', context.profiles];
  const main = path.join(context.root, 'apps/coordinator/dist/main.js');
  const child = launch(
    context.node,
    [...profile, main, '--listen', listen, '--state-dir', state, '--log-level', 'debug', ...flags],
    { stdio },
  );
  const log = keepLog(child);
  const started = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('close', (code) => reject(new Error(`the coordinator ended with code ${code}`)));
  });
  return { child, log, address: started.address };
}

/**
 * A coordinator and workers of one thread on loopback, each worker behind a proxy that delays if `delayMs` is above 0.
 * What they log is kept with its time.
 */
export class Fleet {
  static async start(context, { workers, delayMs = 0, flags = [] }) {
    const state = await mkdtemp(path.join(context.folder, 'state-'));
    const coordinator = await startCoordinator(context, { state, listen: '127.0.0.1:0', flags });
    return new Fleet(context, { coordinator, state, flags, delayMs, workers });
  }

  #context;
  #state;
  #flags;
  #coordinator;
  #delayMs;
  #workers = [];
  #proxies = [];

  constructor(context, { coordinator, state, flags, delayMs, workers }) {
    this.#context = context;
    this.#state = state;
    this.#flags = flags;
    this.#coordinator = coordinator;
    this.#delayMs = delayMs;
    this.address = coordinator.address;
    this.ready = Promise.all(Array.from({ length: workers }, () => this.addWorker()));
  }

  get coordinator() {
    return this.#coordinator;
  }

  /** Those that are alive. */
  get workers() {
    return [...this.#workers];
  }

  /** kill -9, and again from the same folder at the same address; the moment at which the new process began. */
  async restartCoordinator() {
    this.#coordinator.child.kill('SIGKILL');
    await ended(this.#coordinator.child);
    const startedMs = Date.now();
    const at = { state: this.#state, listen: this.address, flags: this.#flags };
    this.#coordinator = await startCoordinator(this.#context, at);
    return startedMs;
  }

  /** kill -9; the moment at which it was sent. */
  killWorker(worker) {
    this.#workers.splice(this.#workers.indexOf(worker), 1);
    worker.child.kill('SIGKILL');
    return Date.now();
  }

  /** Steps that the present coordinator has finished: [{ time, closeMs, keepMs }]. */
  steps() {
    return this.#coordinator.log.filter(({ msg, purpose }) => msg === 'round closed' && purpose === 'step');
  }

  async addWorker() {
    const { context, address } = { context: this.#context, address: this.address };
    let coordinator = address;
    if (this.#delayMs > 0) {
      const port = address.split(':').at(-1);
      const proxy = new Peer(context.node, [context.bench('delay-proxy.mjs'), port, String(this.#delayMs)]);
      this.#proxies.push(proxy);
      coordinator = `127.0.0.1:${(await proxy.next()).port}`;
    }
    const child = launch(
      context.node,
      [
        path.join(context.root, 'apps/worker/dist/main.js'),
        ...['--coordinator', coordinator, '--log-level', 'debug', '--threads', '1'],
        // Behind a delay it stands for another machine, which shares no memory.
        ...(this.#delayMs > 0 ? ['--bulk', 'http'] : []),
      ],
      { stdio },
    );
    const worker = { child, log: keepLog(child) };
    this.#workers.push(worker);
    await until(() => worker.log.some(({ msg }) => msg === 'joined'), child);
    return worker;
  }

  /** What each worker did, from the first task to the last. */
  tasks() {
    return this.#workers.map(tasksOf);
  }

  /** The most memory that each worker has had, MiB; none where the system does not tell. */
  peaksMiB() {
    return this.#workers.flatMap(({ child }) => memoryOf(child.pid)?.peakMiB ?? []);
  }

  async stop() {
    for (const { child } of this.#workers) child.kill('SIGTERM');
    await Promise.all(this.#workers.map(({ child }) => ended(child)));
    this.#coordinator.child.kill('SIGTERM');
    await ended(this.#coordinator.child);
    for (const proxy of this.#proxies) proxy.end();
  }
}

const cli = (context) => path.join(context.root, 'apps/cli/bin/ptychofleet.js');

function command(context, args) {
  const child = launch(context.node, [cli(context), ...args], { stdio });
  let complaint = '';
  child.stdout.resume();
  child.stderr.on('data', (data) => (complaint = (complaint + data).slice(-2000)));
  const done = ended(child).then(() => {
    if (child.exitCode !== 0) throw new Error(`ptychofleet ${args[0]}: ${complaint}`);
  });
  return { child, done };
}

/** A scan of as many patterns as `steps` steps of `batch` take, made once. */
export async function scanFile(context, steps, batch = 16) {
  const file = path.join(context.folder, `scan-${steps}x${batch}.npz`);
  if (!existsSync(file)) {
    await command(context, ['simulate', file, '--count', String(batch * steps), '--quiet']).done;
  }
  return file;
}

/** Begins to train on the fleet, in steps of 16 patterns unless `flags` say otherwise; `child` is the command. */
export async function beginTraining(context, fleet, scan, flags) {
  const out = await mkdtemp(path.join(context.folder, 'run-'));
  const all = { '--gridsize': 1, '--batch_size': 16, ...flags };
  const { child, done } = command(context, [
    'train',
    ...['--coordinator', fleet.address, '--train_data_file', scan, '--output_dir', out, '--quiet'],
    ...Object.entries(all).flatMap(([flag, value]) => (value === null ? [flag] : [flag, String(value)])),
  ]);
  return { child, done, out };
}

/** Trains on the fleet; the record of the run. */
export async function train(context, fleet, scan, epochs, flags = {}) {
  const { done, out } = await beginTraining(context, fleet, scan, { '--max_epochs': epochs, ...flags });
  await done;
  return JSON.parse(readFileSync(path.join(out, 'run.json'), 'utf8'));
}
