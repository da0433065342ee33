import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { tasksPerBlockMax } from '@ptychofleet/run';
import { Peer } from './child.mjs';
import { beginTraining, Fleet, scanFile, until } from './fleet.mjs';
import { valueRow } from './measure.mjs';

export const title =
  'ceiling: the coordinator alone, synthetic workers that answer at once (64 shards of one pattern)';

const shards = 64;
/** Fewer would hold one another's heartbeats up. */
const processesMost = 8;
/** The first steps connect, load and settle. */
const settling = 2;

/** Seconds of CPU time that a process has taken so far, as Linux counts them: in hundredths. */
function cpuSeconds({ pid }) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Trains with so many synthetic workers, all of which have to stay to the end. */
async function measure(context, { scan, epochs, steps, width, workers }) {
  const fleet = await Fleet.start(context, { workers: 0 });
  const processes = Math.min(processesMost, workers);
  const peers = Array.from({ length: processes }, (_, i) => {
    const share = String(Math.floor((workers + i) / processes));
    return new Peer(context.node, [context.bench('ceiling-peer.mjs'), fleet.address, share]);
  });
  const { child, log } = fleet.coordinator;
  const linesOf = (text) => log.filter(({ msg }) => msg === text);
  try {
    await until(() => linesOf('worker joined').length === workers, child);
    const training = await beginTraining(context, fleet, scan, {
      ...{ '--batch_size': shards, '--virtual-shards': shards, '--n_filters_scale': width },
      ...{ '--max_epochs': epochs, '--disable-checkpointing': null, '--audit-every-steps': 0 },
    });
    const after = (count) =>
      until(() => fleet.steps().length >= count && [fleet.steps().length, cpuSeconds(child)], child);
    const [from, cpuBefore] = await after(settling);
    const [to, cpuAfter] = await after(steps);
    await training.done;
    const left = [...linesOf('worker left'), ...linesOf('worker dismissed')];
    if (left.length > 0) {
      throw new Error(`${left.length} of ${workers} synthetic workers did not stay: ${left[0].reason}`);
    }
    const { parameters } = await peers[0].next();
    const [first, last] = [fleet.steps()[from - 1], fleet.steps()[to - 1]];
    const stepMs = (last.time - first.time) / (to - from);
    return {
      stepMs,
      parameters,
      cpuMs: (1000 * (cpuAfter - cpuBefore)) / (to - from),
      closing: fleet.steps().slice(from, to).map(({ closeMs, keepMs }) => closeMs + keepMs), // prettier-ignore
      again: linesOf('given out again').length,
      // The sum of each block up, the weights to each worker down.
      megabytesPerSecond: ((Math.max(workers, shards / tasksPerBlockMax) + workers) * 4 * parameters) / (1000 * stepMs), // prettier-ignore
      bundle: createHash('sha256').update(readFileSync(path.join(training.out, 'wts.h5.zip'))).digest('hex'), // prettier-ignore
    };
  } finally {
    for (const peer of peers) peer.end();
    await fleet.stop();
  }
}

export async function run(context) {
  const epochs = 2;
  const steps = context.short ? 4 : 6;
  const scan = await scanFile(context, steps / epochs, shards);
  const rows = [];
  for (const width of context.short ? [1] : [1, 2]) {
    const bundles = new Set();
    for (const workers of context.short ? [1, 64] : [1, 8, 16, 64]) {
      const taken = await measure(context, { scan, epochs, steps, width, workers });
      bundles.add(taken.bundle);
      const what = `${workers} ${workers === 1 ? 'worker' : 'workers'}, ${(taken.parameters / 1e6).toFixed(1)} M parameters`;
      rows.push(valueRow(`${what}: steps`, '1/s', [1000 / taken.stepMs]));
      rows.push(valueRow(`${what}: closing a step`, 'ms', taken.closing));
      rows.push(valueRow(`${what}: CPU time of the coordinator in a step`, 'ms', [taken.cpuMs]));
      rows.push(valueRow(`${what}: the same, of the step`, '%', [(100 * taken.cpuMs) / taken.stepMs]));
      rows.push(valueRow(`${what}: traffic`, 'MB/s', [taken.megabytesPerSecond]));
      if (taken.again > 0) rows.push(valueRow(`${what}: blocks given out again`, '', [taken.again]));
    }
    if (bundles.size > 1) throw new Error('the bundle depends on the number of workers');
  }
  return rows;
}
