import { Fleet, scanFile, train } from './fleet.mjs';
import { valueRow } from './measure.mjs';

export const title =
  'sync: share of the time in which a worker does not compute (f=2, steps of 16 patterns where nothing else is said)';

/** What is not computing costs a step the same whatever it computes: four times the patterns, a quarter of the share. */
const cases = [
  { workers: 2, delayMs: 0 },
  { workers: 2, delayMs: 1 },
  { workers: 2, delayMs: 5 },
  { workers: 1, delayMs: 0 },
  { workers: 8, delayMs: 0 },
  { workers: 2, delayMs: 0, batch: 64 },
  { workers: 2, delayMs: 5, batch: 64 },
];

/** The first tasks load TensorFlow's kernels and compare graphs with operations. */
const settling = 14;
/** Times of different processes are told in whole milliseconds. */
const clockMs = 2;

/** What a worker computed, from when to when, in order. */
function computations(tasks) {
  return tasks
    .map(({ time, pushMs, computeMs }) => {
      const end = time - pushMs;
      return { start: end - computeMs, end };
    })
    .sort((a, b) => a.end - b.end);
}

/**
 * Where a worker's time goes from one step's computing to the next one's, one part after the other: waiting until the slowest has computed,
 * delivering that last result, the coordinator's part (sums, optimiser, journal), and until it has its next task and the weights for it.
 * In percent of all time, per worker.
 */
function sharesOf(fleet) {
  const closes = fleet.steps();
  const workers = fleet.tasks().map(computations);
  const ends = workers.flatMap((computed) => computed.map(({ end }) => end)).sort((a, b) => a - b);
  return workers.flatMap((computed) => {
    const settled = computed.slice(settling);
    if (settled.length < 3) return [];
    const elapsed = settled.at(-1).end - settled[0].end;
    const spent = { computing: 0, wait: 0, send: 0, close: 0, start: 0 };
    settled.slice(1).forEach((next, i) => {
      const before = settled[i];
      spent.computing += next.end - next.start;
      const close = closes.find(({ time }) => time >= before.end);
      // No step was closed between them: another part of the same one.
      if (close === undefined || close.time > next.start + clockMs) return;
      const closeMs = close.closeMs + close.keepMs;
      const allEnd = ends.findLast((end) => end <= close.time - closeMs + clockMs);
      spent.wait += allEnd - before.end;
      // The coordinator begins to close a step when it has its last result.
      spent.send += close.time - closeMs - allEnd;
      spent.close += closeMs;
      spent.start += next.start - close.time;
    });
    const share = (ms) => (100 * ms) / elapsed;
    const { computing, ...parts } = spent;
    const named = Object.fromEntries(Object.entries(parts).map(([part, ms]) => [part, share(ms)]));
    return [{ all: 100 - share(computing), ...named }];
  });
}

const parts = [
  ['wait', 'waiting for the slowest worker'],
  ['send', 'delivering the last result'],
  ['close', 'sums, optimiser, journal'],
  ['start', 'until task and weights are there'],
];

export async function run(context) {
  const steps = context.short ? 4 : 16;
  const rows = [];
  for (const { workers, delayMs, batch = 16 } of context.short ? cases.slice(0, 1) : cases) {
    const scan = await scanFile(context, steps, batch);
    const fleet = await Fleet.start(context, { workers, delayMs });
    try {
      await fleet.ready;
      // Every worker has a part of each step.
      const flags = { '--virtual-shards': Math.max(4, workers), '--batch_size': batch };
      await train(context, fleet, scan, context.short ? 3 : 2, flags);
      const shares = sharesOf(fleet);
      if (shares.length === 0) throw new Error(`${workers} workers: too few tasks to tell`);
      const name = `${workers} ${workers === 1 ? 'worker' : 'workers'}, ${delayMs} ms one way${batch === 16 ? '' : `, ${batch} patterns`}`;
      const row = (what, part) => valueRow(what, '%', shares.map((share) => share[part])); // prettier-ignore
      rows.push(row(name, 'all'), ...parts.map(([part, what]) => row(`– ${what}`, part)));
    } finally {
      await fleet.stop();
    }
  }
  return rows;
}
