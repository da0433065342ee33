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

/** What a worker computed, from when to when, in order; without the first tasks. */
function computations(tasks) {
  return tasks
    .map(({ time, pushMs, computeMs, pullMs }) => {
      const end = time - pushMs;
      return { start: end - computeMs, end, pullMs, pushMs };
    })
    .sort((a, b) => a.end - b.end)
    .slice(settling);
}

/**
 * Where a worker's time goes from one step's computing to the next one's: delivering its last result, the coordinator's part
 * (sums, optimiser, journal), fetching the new weights, and the rest: waiting for others and for messages. In percent of
 * all time, per worker.
 */
function sharesOf(fleet) {
  const closes = fleet.steps();
  return fleet.tasks().flatMap((tasks) => {
    const settled = computations(tasks);
    if (settled.length < 3) return [];
    const elapsed = settled.at(-1).end - settled[0].end;
    const spent = { computing: 0, send: 0, close: 0, receive: 0 };
    settled.slice(1).forEach((next, i) => {
      const before = settled[i];
      spent.computing += next.end - next.start;
      // The weights came anew: a step lies between.
      if (next.pullMs === 0) return;
      const { time, closeMs, keepMs } = closes.find((close) => close.time >= before.end);
      // The coordinator acknowledges the last result of a step when it has closed it.
      spent.send += Math.min(before.pushMs, time - closeMs - keepMs - before.end);
      spent.close += closeMs + keepMs;
      spent.receive += next.pullMs;
    });
    const share = (ms) => (100 * ms) / elapsed;
    const { computing, send, close, receive } = spent;
    return [
      {
        all: 100 - share(computing),
        send: share(send),
        close: share(close),
        receive: share(receive),
        rest: share(elapsed - computing - send - close - receive),
      },
    ];
  });
}

const parts = [
  ['send', 'delivering the last result'],
  ['close', 'sums, optimiser, journal'],
  ['receive', 'fetching the weights'],
  ['rest', 'waiting for others, messages'],
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
