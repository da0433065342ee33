import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Fault, invalidInput } from '@ptychofleet/base';
import { chaos } from './chaos.ts';
import { reportOf } from './report.ts';
import { chaosKinds, chaosText, drawChaos, type ChaosKind } from './schedule.ts';

const usage = `npm run test:chaos -- --seed S --minutes M [--workers N] [--kinds LIST]

Trains a small network again and again in real processes that are killed, stopped and cut off meanwhile. Every bundle must have
the bytes of the calm run's.
  --seed S       seed of the fault schedule (default 1)
  --minutes M    how long (default 2)
  --workers N    worker processes (default 3)
  --every MS     mean time between faults (default 5000)
  --kinds LIST   ${chaosKinds.join(',')} (default: all)`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '2' },
      workers: { type: 'string', default: '3' },
      every: { type: 'string', default: '5000' },
      kinds: { type: 'string', default: chaosKinds.join(',') },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.info(usage);
    return 0;
  }
  const seed = number('--seed', values.seed, 0);
  const workers = number('--workers', values.workers, 1);
  const durationMs = 60_000 * number('--minutes', values.minutes, 0.1);
  const kinds = values.kinds.split(',').map((kind) => {
    if ((chaosKinds as readonly string[]).includes(kind)) return kind as ChaosKind;
    throw invalidInput('--kinds', kind, `kinds among ${chaosKinds.join(', ')}`);
  });
  const faults = drawChaos(seed, workers, durationMs, number('--every', values.every, 100), kinds);
  const folder = await mkdtemp(join(tmpdir(), 'ptychofleet-chaos-'));
  console.info(`seed ${seed}, ${workers} workers, ${durationMs / 60_000} min, logs in ${folder}`);
  console.info(`schedule: ${faults.map(chaosText).join(' ')}`);
  const scanFile = join(folder, 'scan.npz');
  makeScan(scanFile);
  const overrides = {
    gridsize: 1,
    nFiltersScale: 1,
    batchSize: 16,
    virtualShards: 8,
    nGroups: 32,
    epochs: 8,
  };
  const outcome = await chaos({
    scanFile,
    folder,
    workers,
    overrides,
    durationMs,
    faults,
    say: (line) => console.info(line),
  });
  for (const line of reportOf(outcome)) console.info(line);
  const ok = outcome.digests.every((digest) => digest === outcome.calm);
  if (ok) await rm(folder, { recursive: true, force: true });
  return ok ? 0 : 1;
}

function makeScan(file: string): void {
  const bin = fileURLToPath(new URL('../../apps/cli/bin/ptychofleet.js', import.meta.url));
  const args = [bin, 'simulate', file, '--count', '32', '--seed', '5', '--quiet'];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`no scan: ${stderr}`);
}

function number(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= least) return value;
  throw invalidInput(flag, text, `a number from ${least} up`);
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
