import { Fleet, scanFile, train } from './fleet.mjs';
import { valueRow } from './measure.mjs';

export const title = 'sync: share of the time in which a worker does not compute (step of 16 patterns, f=2)';

/** The first tasks load TensorFlow's kernels and record graphs. */
const settling = 4;

/** Per worker: 1 - time computing / time, between the end of its first settled task and that of its last. */
function sharesNotComputing(fleet) {
  return fleet.tasks().flatMap((tasks) => {
    const settled = tasks.slice(settling - 1);
    if (settled.length < 3) return [];
    const elapsed = settled.at(-1).time - settled[0].time;
    const computing = settled.slice(1).reduce((sum, { computeMs }) => sum + computeMs, 0);
    return [100 * (1 - computing / elapsed)];
  });
}

export async function run(context) {
  const steps = context.short ? 4 : 8;
  const scan = await scanFile(context, steps);
  const cases = [[2, 0], [2, 1], [2, 5], [1, 0], [8, 0]]; // prettier-ignore
  const rows = [];
  for (const [workers, delayMs] of context.short ? cases.slice(0, 1) : cases) {
    const fleet = await Fleet.start(context, { workers, delayMs });
    try {
      await fleet.ready;
      // Every worker has a part of each step.
      const flags = { '--virtual-shards': Math.max(4, workers) };
      await train(context, fleet, scan, context.short ? 3 : 2, flags);
      const shares = sharesNotComputing(fleet);
      if (shares.length === 0) throw new Error(`${workers} workers: too few tasks to tell`);
      const name = `${workers} ${workers === 1 ? 'worker' : 'workers'}, ${delayMs} ms one way`;
      rows.push(valueRow(name, '%', shares));
    } finally {
      await fleet.stop();
    }
  }
  return rows;
}
