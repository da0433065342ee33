import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { Fault, invalidInput, messageOf } from '@ptychofleet/base';
import { configureRuntime, type RuntimePins } from '@ptychofleet/compute';
import { bulkWays, FleetLink, markHeapInOneGo, reconnectDelayMs, type BulkWay } from '@ptychofleet/wire';
import { Command, Option } from 'commander';
import { pino } from 'pino';
import { ComputeClient } from './compute-client.ts';
import { Loaders } from './loaders.ts';
import { runSession, type SessionEnd } from './session.ts';

interface WorkerArguments {
  readonly coordinator: string;
  readonly name?: string;
  readonly slots: number;
  readonly logLevel: string;
  readonly reconnectSeconds: number;
  readonly accelerator: 'auto' | 'cpu' | 'gpu' | 'cuda';
  readonly threads: number;
  readonly loaders: number;
  readonly keepLoaders: boolean;
  readonly deterministic: boolean;
  readonly bulk: BulkWay;
}

const program = new Command('ptychofleet worker')
  .description(
    'Computes micro-batches for a coordinator. Start one per core or GPU: processes scale better than threads.',
  )
  .requiredOption('--coordinator <address>', 'where the coordinator listens: HOST:PORT or unix:/path')
  .option('--name <text>', 'name for people (default: host and process id)')
  .option('--slots <count>', 'micro-batches held at a time: one at work, the rest ahead', Number, 2)
  .option(
    '--reconnect-seconds <seconds>',
    'how long to look for a lost coordinator before giving up',
    Number,
    300,
  )
  .addOption(
    new Option('--accelerator <name>', 'device to compute on')
      .choices(['auto', 'cpu', 'gpu', 'cuda'])
      .default('auto'),
  )
  .option('--threads <count>', 'threads per operation; another number is another numerics class', Number, 1)
  .option('--loaders <count>', 'threads that check what was fetched; 0 does it on the main thread', Number, 0)
  .option('--keep-loaders', 'keep loaders that have nothing to do', false)
  .option('--no-deterministic', 'allow kernels whose last bits vary, for speed on a GPU')
  .addOption(
    new Option(
      '--bulk <way>',
      'how weights and gradients travel at best: memory shared with a coordinator of the same user on this machine, HTTP/1.1 at its address, or gRPC messages',
    )
      .choices(bulkWays)
      .default('memory'),
  )
  .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
  .addHelpText('after', '\nExample:\n  ptychofleet worker --coordinator 127.0.0.1:50051')
  .exitOverride();

async function main(): Promise<void> {
  markHeapInOneGo();
  const options = program.parse().opts<WorkerArguments>();
  const logger = pino({ name: 'worker', level: options.logLevel }, pino.destination(2));
  const leave = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => leave.abort());
  // A private fleet's workers must not outlive the command that started them.
  if (process.connected) process.on('disconnect', () => leave.abort());
  // Before the thread starts: TensorFlow reads its environment once, when the library loads.
  configureRuntime(pinsOf(options));
  const link = new FleetLink(options.coordinator, options.bulk);
  const compute = new ComputeClient({ logger });
  await requireDevice(options.accelerator, compute);
  const loaders = loadersOf(options);

  const name = options.name ?? `${hostname()}-${process.pid}`;
  const session = {
    name,
    slots: options.slots,
    connectTimeoutMs: 15_000,
    logger,
    ...(loaders && { digestElsewhere: loaders.digest }),
  };
  let lostSince: number | null = null;
  let attempt = 0;
  for (;;) {
    const triedAt = performance.now();
    const end = await runSession(link, compute, session, leave.signal).catch((error: unknown): SessionEnd => {
      if (error instanceof Fault && error.kind === 'unavailable')
        return { reason: error.message, mayReturn: true, joined: false };
      throw error;
    });
    logger.info({ reason: end.reason }, 'session ended');
    if (leave.signal.aborted || end.orderly === true) break;
    if (!end.mayReturn) throw new Fault('failed-precondition', end.reason);
    if (end.joined) {
      lostSince = null;
      attempt = 0;
    }
    lostSince ??= end.joined ? performance.now() : triedAt;
    if (performance.now() - lostSince > options.reconnectSeconds * 1000) {
      throw new Fault('unavailable', `the coordinator at ${options.coordinator} is gone: ${end.reason}`);
    }
    await setTimeout(reconnectDelayMs(attempt++), undefined, { signal: leave.signal }).catch(() => undefined);
  }
  link.close();
  if (loaders !== null) logger.info(loaders.counts, 'loaders');
  await compute.stop();
  process.exit(0);
}

/** TensorFlow takes a GPU where it sees one: `cpu` hides it. */
function pinsOf({ accelerator, threads, deterministic }: WorkerArguments): Partial<RuntimePins> {
  if (!Number.isInteger(threads) || threads < 1)
    throw invalidInput('--threads', threads, 'an integer of at least 1');
  if (accelerator === 'cpu') process.env.CUDA_VISIBLE_DEVICES = '-1';
  return { intraOpThreads: threads, deterministicKernels: deterministic };
}

function loadersOf({ loaders, keepLoaders, slots }: WorkerArguments): Loaders | null {
  for (const [flag, value, least, most] of [
    ['--loaders', loaders, 0, 16],
    ['--slots', slots, 1, 8],
  ] as const) {
    if (!Number.isInteger(value) || value < least || value > most)
      throw invalidInput(flag, value, `an integer from ${least} to ${most}`);
  }
  return loaders === 0 ? null : new Loaders(loaders, keepLoaders);
}

async function requireDevice(
  accelerator: WorkerArguments['accelerator'],
  compute: ComputeClient,
): Promise<void> {
  const { device } = await Promise.race([compute.numerics, compute.died]);
  if ((accelerator === 'gpu' || accelerator === 'cuda') && device !== 'gpu') {
    const fix =
      'set up the GPU library (PTYCHOFLEET_ACCELERATOR=cuda npm run setup) or use --accelerator cpu';
    throw new Fault(
      'failed-precondition',
      `--accelerator ${accelerator}: no CUDA device is in reach of TensorFlow; ${fix}`,
    );
  }
}

main().catch((error: unknown) => {
  const commander = error as { code?: string; exitCode?: number };
  if (commander.code?.startsWith('commander.') === true) process.exit(commander.exitCode === 0 ? 0 : 2);
  process.stderr.write(`ptychofleet worker: ${messageOf(error)}\n`);
  process.exit(error instanceof Fault ? error.exitCode : 1);
});
