import path from 'node:path';
import { provideTorch } from './torch/provide.mjs';
import { Peer } from './child.mjs';
import { Fleet, scanFile, train } from './fleet.mjs';
import { ratioRow, summary, valueRow } from './measure.mjs';

export const title =
  'scale: one and two workers of one thread, beside PyTorch DDP over gloo (step of 16 patterns, f=2)';

/** Per step of the last epoch, and per micro-batch what its gradient takes; the first epoch loads TensorFlow and records graphs. */
async function ourStep(context, scan, steps, workers) {
  const fleet = await Fleet.start(context, { workers });
  try {
    await fleet.ready;
    const { epochs } = await train(context, fleet, scan, 2);
    const gradients = fleet.tasks().flatMap((tasks) => tasks.slice(-steps));
    const computing = gradients.map(({ computeMs, microBatches }) => computeMs / microBatches);
    const ms = (1000 * epochs.at(-1).seconds) / steps;
    return { ms, computeMs: summary(computing).median, peaksMiB: fleet.peaksMiB() };
  } finally {
    await fleet.stop();
  }
}

async function torchStep(context, python, file, world, steps) {
  const args = [context.bench('torch/ddp.py'), file, String(world), String(steps)];
  const peer = new Peer(python, args, { OMP_NUM_THREADS: '1' });
  try {
    return await peer.next();
  } finally {
    peer.end();
  }
}

export async function run(context) {
  const steps = context.short ? 4 : 16;
  const python = await provideTorch(context);
  const scan = await scanFile(context, steps);
  const file = path.join(context.folder, 'ddp.npz');
  const settings = JSON.stringify({ gridsize: 1, width: 2, groups: 16, file });
  const writer = new Peer(context.node, [context.bench('step-peer.mjs'), settings]);
  await writer.next();
  writer.end();
  const samples = { ours1: [], ours2: [], theirs1: [], theirs2: [] };
  const computing = { 1: [], 2: [] };
  const peaks = { ours: [], theirs: [] };
  for (let repeat = 0; repeat < (context.short ? 1 : 4); repeat++) {
    for (const world of [1, 2]) {
      const ours = await ourStep(context, scan, steps, world);
      const theirs = await torchStep(context, python, file, world, steps);
      samples[`ours${world}`].push(ours.ms);
      samples[`theirs${world}`].push(theirs.ms);
      computing[world].push(ours.computeMs);
      if (world === 2) {
        peaks.ours.push(...ours.peaksMiB);
        peaks.theirs.push(...theirs.peaksMiB);
      }
    }
  }
  const gain = (one, two) => one.map((ms, i) => ms / two[i]);
  const [ours, theirs] = [gain(samples.ours1, samples.ours2), gain(samples.theirs1, samples.theirs2)];
  const pair = (what, unit, a, b, ratio) => ({ what, unit, ours: summary(a), theirs: summary(b), ratio: summary(ratio) }); // prettier-ignore
  return [
    pair('step, one worker', 'ms', samples.ours1, samples.theirs1, gain(samples.theirs1, samples.ours1)),
    pair('step, two workers', 'ms', samples.ours2, samples.theirs2, gain(samples.theirs2, samples.ours2)),
    pair('speed-up by the second worker', '×', ours, theirs, gain(ours, theirs)),
    // Cores that share caches, memory and power: no way of working together gains more than this.
    valueRow('speed-up if nothing but computing took time', '×', gain(computing[1], computing[2]).map((x) => 2 * x)), // prettier-ignore
    ...(peaks.ours.length === 0
      ? []
      : [ratioRow('peak memory of a worker of two', 'MiB', peaks.ours, peaks.theirs)]),
  ];
}
