import { Fleet, scanFile, train } from './fleet.mjs';
import { valueRow } from './measure.mjs';

export const title =
  'start: from nothing to the first result, and from joining a running fleet to the first result';

export async function run(context) {
  const steps = context.short ? 4 : 8;
  const scan = await scanFile(context, steps);
  const samples = { listening: [], joined: [], first: [], late: [] };
  for (let repeat = 0; repeat < (context.short ? 1 : 3); repeat++) {
    const started = Date.now();
    const fleet = await Fleet.start(context, { workers: 1 });
    try {
      samples.listening.push(Date.now() - started);
      await fleet.ready;
      samples.joined.push(Date.now() - started);
      const submitted = Date.now();
      const training = train(context, fleet, scan, 3);
      const firstOf = async (worker) => {
        while (fleet.tasks()[worker].length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
        return fleet.tasks()[worker][0].time;
      };
      samples.first.push((await firstOf(0)) - submitted);
      const late = await fleet.addWorker();
      const joined = late.log.find(({ msg }) => msg === 'joined').time;
      samples.late.push((await Promise.race([firstOf(1), training.then(() => NaN)])) - joined);
      await training;
    } finally {
      await fleet.stop();
    }
  }
  return [
    valueRow('coordinator listens', 'ms', samples.listening),
    valueRow('a worker has joined (TensorFlow loaded)', 'ms', samples.joined),
    valueRow('submission to first gradient', 'ms', samples.first),
    valueRow('join of a second worker to its first gradient', 'ms', samples.late),
  ];
}
