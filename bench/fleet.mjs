import { readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { launch, Peer } from './child.mjs';

const stdio = ['ignore', 'pipe', 'pipe', 'ipc'];

function ended(child) {
  return child.exitCode === null && child.signalCode === null
    ? new Promise((resolve) => child.once('close', resolve))
    : Promise.resolve();
}

/**
 * A coordinator and workers of one thread on loopback, each worker behind a proxy that delays if `delayMs` is above 0.
 * What the workers log is kept with its time.
 */
export class Fleet {
  static async start(context, { workers, delayMs = 0 }) {
    const state = await mkdtemp(path.join(context.folder, 'state-'));
    const main = (app) => path.join(context.root, `apps/${app}/dist/main.js`);
    const coordinator = launch(
      context.node,
      [main('coordinator'), ...['--listen', '127.0.0.1:0', '--state-dir', state]],
      { stdio },
    );
    const started = await new Promise((resolve, reject) => {
      coordinator.once('message', resolve);
      coordinator.once('close', (code) => reject(new Error(`the coordinator ended with code ${code}`)));
    });
    coordinator.stdout.resume();
    coordinator.stderr.resume();
    return new Fleet(context, { coordinator, address: started.address, delayMs, workers });
  }

  #context;
  #coordinator;
  #delayMs;
  #workers = [];
  #proxies = [];

  constructor(context, { coordinator, address, delayMs, workers }) {
    this.#context = context;
    this.#coordinator = coordinator;
    this.#delayMs = delayMs;
    this.address = address;
    this.ready = Promise.all(Array.from({ length: workers }, () => this.addWorker()));
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
      ],
      { stdio },
    );
    const worker = { child, log: [] };
    this.#workers.push(worker);
    child.stdout.resume();
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.startsWith('{')) worker.log.push(JSON.parse(line));
    });
    while (!worker.log.some(({ msg }) => msg === 'joined')) {
      if (child.exitCode !== null) throw new Error(`a worker ended with code ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return worker;
  }

  /** What each worker did: [{ time, computeMs }], from the first task to the last. */
  tasks() {
    return this.#workers.map(({ log }) => log.filter(({ msg }) => msg === 'task done'));
  }

  async stop() {
    for (const { child } of this.#workers) child.kill('SIGTERM');
    await Promise.all(this.#workers.map(({ child }) => ended(child)));
    this.#coordinator.kill('SIGTERM');
    await ended(this.#coordinator);
    for (const proxy of this.#proxies) proxy.end();
  }
}

const cli = (context) => path.join(context.root, 'apps/cli/bin/ptychofleet.js');

async function command(context, args) {
  const child = launch(context.node, [cli(context), ...args], { stdio });
  let complaint = '';
  child.stdout.resume();
  child.stderr.on('data', (data) => (complaint = (complaint + data).slice(-2000)));
  await ended(child);
  if (child.exitCode !== 0) throw new Error(`ptychofleet ${args[0]}: ${complaint}`);
}

/** A scan of as many patterns as `steps` steps of 16 take, made once. */
export async function scanFile(context, steps) {
  const file = path.join(context.folder, `scan-${steps}.npz`);
  await command(context, ['simulate', file, '--count', String(16 * steps), '--quiet']);
  return file;
}

/** Trains on the fleet; the record of the run. */
export async function train(context, fleet, scan, epochs) {
  const out = await mkdtemp(path.join(context.folder, 'run-'));
  await command(context, [
    'train',
    ...['--coordinator', fleet.address, '--train_data_file', scan, '--output_dir', out],
    ...['--gridsize', '1', '--batch_size', '16', '--max_epochs', String(epochs), '--quiet'],
  ]);
  return JSON.parse(readFileSync(path.join(out, 'run.json'), 'utf8'));
}
