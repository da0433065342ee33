import { join, resolve } from 'node:path';
import { parseAddress } from '@ptychofleet/wire';
import { prepareOutput } from './files.ts';
import type { OutputOptions } from './output.ts';
import { PrivateFleet } from './private-fleet.ts';
import { workerCount } from './with-fleet.ts';

export interface UpArguments {
  readonly listen: string;
  readonly workers: number | null;
  readonly stateDir: string;
}

/** The `up` command: a local fleet that stays until it is stopped. */
export async function up(chosen: UpArguments, output: OutputOptions, interrupt: AbortSignal): Promise<void> {
  const listen = parseAddress(chosen.listen, '--listen');
  const workers = workerCount(chosen);
  const stateFolder = resolve(chosen.stateDir);
  await prepareOutput(stateFolder, '--state-dir');
  const logFolder = join(stateFolder, 'logs');
  const fleet = await PrivateFleet.start({ workers, listen, logFolder, stateFolder });
  const record = { type: 'listening', address: fleet.address, workers, logs: logFolder };
  if (output.json) process.stdout.write(`${JSON.stringify(record)}\n`);
  else if (!output.quiet) {
    process.stdout.write(
      `fleet of ${workers} worker${workers === 1 ? '' : 's'} at ${fleet.address}, logs in ${logFolder}\n`,
    );
    process.stdout.write(`use it: ptychofleet train --coordinator ${fleet.address} ...   stop it: Ctrl-C\n`);
  }
  const lost = fleet.watch();
  lost.catch(() => undefined);
  const interrupted = new Promise<'interrupted'>((done) => {
    interrupt.addEventListener('abort', () => done('interrupted'), { once: true });
  });
  try {
    await Promise.race([lost, interrupted]);
  } finally {
    await fleet.stop();
  }
}
