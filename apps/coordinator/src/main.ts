import { availableParallelism } from 'node:os';
import { Fault, messageOf } from '@ptychofleet/base';
import { limits } from '@ptychofleet/config';
import { ownHands } from '@ptychofleet/params';
import { isLocalAddress, markHeapInOneGo, parseAddress, serve } from '@ptychofleet/wire';
import { Command, InvalidArgumentError, Option } from 'commander';
import { pino } from 'pino';
import { Coordinator } from './coordinator.ts';
import { bulkService } from './handlers/bulk-service.ts';
import { fleetHandlers } from './handlers/fleet-handlers.ts';
import { dataHandlers, modelHandlers } from './handlers/library-handlers.ts';
import { onceReady } from './handlers/once-ready.ts';
import { runHandlers } from './handlers/run-handlers.ts';
import { Library } from './library.ts';
import { failpointOf } from './failpoint.ts';
import { openStorage } from './storage.ts';
import { Submitter } from './submit.ts';
import { TwoThreads } from './two-threads.ts';

interface CoordinatorArguments {
  readonly listen: string;
  readonly stateDir: string;
  readonly checkpointSeconds: number;
  readonly logLevel: string;
  readonly insecure: boolean;
  readonly numerics: 'same' | 'mixed';
}

const tickMs = 100;
const storageRetryMs = 1000;

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 86_400))
    throw new InvalidArgumentError(`received ${text}, expected seconds from 0 to 86400`);
  return value;
}

const program = new Command('ptychofleet coordinator')
  .description('Takes runs from clients, hands micro-batches to workers and merges what they compute.')
  .option(
    '--listen <address>',
    'where to listen: HOST:PORT (port 0: any free one) or unix:/path',
    '127.0.0.1:50051',
  )
  .option(
    '--state-dir <folder>',
    'where runs, scans, models and results are kept',
    '.ptychofleet/coordinator',
  )
  .option(
    '--checkpoint-seconds <seconds>',
    'work that a restart may have to repeat: runs are saved so often; 0 after every step',
    seconds,
    30,
  )
  .option('--insecure', 'listen beyond this machine although the connection is not encrypted', false)
  .addOption(
    new Option(
      '--numerics <classes>',
      'same: refuse a worker whose bits differ from those of the fleet; mixed: take it, and give it work of runs that ask for it',
    )
      .choices(['same', 'mixed'])
      .default('same'),
  )
  .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
  .addHelpText('after', '\nExample:\n  ptychofleet coordinator --listen 127.0.0.1:50051')
  .exitOverride();

async function main(): Promise<void> {
  markHeapInOneGo();
  const options = program.parse().opts<CoordinatorArguments>();
  const address = parseAddress(options.listen, '--listen');
  if (!isLocalAddress(address) && !options.insecure) {
    const message = `--listen ${address} can be reached from other machines without encryption; listen on 127.0.0.1 or unix:, or add --insecure on a network you trust`;
    throw new Fault('invalid-input', message, { field: '--listen', received: address });
  }
  const logger = pino({ name: 'coordinator', level: options.logLevel }, pino.destination(2));
  const storage = await openStorage(options.stateDir, failpointOf(process.env.PTYCHOFLEET_FAILPOINT));
  const clock = { nowMs: () => performance.now() };
  const coordinator = new Coordinator(
    { ...limits, mixedNumerics: options.numerics === 'mixed' },
    clock,
    logger,
  );
  const library = new Library(storage.blobs, storage.registry);
  // Where there is one core, a second thread is in the way of the first.
  const hands = availableParallelism() > 1 ? new TwoThreads() : ownHands;
  const keeping = { checkpointIntervalMs: 1000 * options.checkpointSeconds, storageRetryMs };
  const submitter = new Submitter(coordinator, library, storage, keeping, hands, clock, logger);
  let open = (): void => undefined;
  const ready = new Promise<void>((resolve) => (open = resolve));
  const bulk = bulkService(coordinator, storage.blobs, logger);
  const handlers = {
    runs: onceReady(ready, runHandlers(coordinator, submitter, library, storage, logger)),
    data: onceReady(ready, dataHandlers(library, logger)),
    models: onceReady(ready, modelHandlers(library, logger)),
    // Workers come back while their runs are taken up again.
    fleet: fleetHandlers(coordinator, bulk, logger),
  };
  const server = await serve(address, handlers, bulk);
  const ticking = setInterval(() => coordinator.tick(), tickMs);
  await submitter.restore();
  open();
  logger.info({ address: server.address }, 'listening');
  process.send?.({ type: 'listening', address: server.address });

  const stop = (): void => {
    clearInterval(ticking);
    void coordinator.park().finally(() => {
      server.stop();
      storage.registry.close();
      process.exit(0);
    });
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
  // A private fleet's coordinator must not outlive the command that started it.
  if (process.connected) process.on('disconnect', stop);
}

main().catch((error: unknown) => {
  const commander = error as { code?: string; exitCode?: number };
  if (commander.code?.startsWith('commander.') === true) process.exit(commander.exitCode === 0 ? 0 : 2);
  process.stderr.write(`ptychofleet coordinator: ${messageOf(error)}\n`);
  const exit = (): void => process.exit(error instanceof Fault ? error.exitCode : 1);
  if (process.send === undefined || !(error instanceof Fault)) return exit();
  // Who started this process says it to the user in our words.
  process.send({ type: 'refused', kind: error.kind, reason: error.message }, undefined, undefined, exit);
});
