import { beginTraining, Fleet, scanFile, tasksOf, until } from './fleet.mjs';
import { summary, valueRow } from './measure.mjs';

export const title =
  'start: start, join, checkpoints, recovery (step of 16 patterns; f=2, in the short form f=1)';

/** Often enough that a few steps have one, and some have none. */
const checkpointSeconds = 2;

/** Time from each of `steps` to the one after it. */
const gaps = (steps) => steps.slice(1).map(({ time }, i) => time - steps[i].time);

async function stepsOf(fleet, training, count) {
  const { coordinator } = fleet;
  await until(() => fleet.steps().length >= count, coordinator.child, training.child);
  return fleet.steps();
}

/** From nothing to the first gradient of a fleet with one worker. */
async function coldStart(context, scan, note) {
  const startedMs = Date.now();
  const fleet = await Fleet.start(context, {
    workers: 1,
    flags: ['--checkpoint-seconds', checkpointSeconds],
  });
  note('coordinator listens', 'ms', Date.now() - startedMs);
  const [worker] = await fleet.ready;
  note('a worker has joined (Node and TensorFlow loaded)', 'ms', Date.now() - startedMs);
  const submittedMs = Date.now();
  const flags = { '--max_epochs': 1000, '--n_filters_scale': context.short ? 1 : 2 };
  const training = await beginTraining(context, fleet, scan, flags);
  const first = await until(() => tasksOf(worker)[0], worker.child, training.child);
  const accepted = fleet.coordinator.log.find(
    ({ msg, phase }) => msg === 'run changed' && phase === 'running',
  );
  note('command to first gradient', 'ms', first.time - submittedMs);
  note('run accepted to first gradient', 'ms', first.time - accepted.time);
  note('of which computing: the first call records the graph', 'ms', first.computeMs);
  return { fleet, training };
}

/** A second worker comes while a step is under way. */
async function join(fleet, training, note) {
  const startedMs = Date.now();
  const worker = await fleet.addWorker();
  const joinedMs = worker.log.find(({ msg }) => msg === 'joined').time;
  const first = await until(() => tasksOf(worker)[0], worker.child, training.child);
  note('second worker: process start to joined (model load)', 'ms', joinedMs - startedMs);
  note('joined to first micro-batch begun (bar: 2000)', 'ms', first.time - first.computeMs - joinedMs);
  note('joined to first answer', 'ms', first.time - joinedMs);
}

/** How long the run stands still for a checkpoint, beside a step; the length of a step. */
async function checkpoints(fleet, training, count, note) {
  const before = fleet.steps().length;
  const steps = (await stepsOf(fleet, training, before + count + 1)).slice(before);
  const taken = fleet.coordinator.log.filter(
    ({ msg, time }) => msg === 'checkpoint taken' && time >= steps[0].time && time <= steps.at(-1).time,
  );
  const stepMs = summary(gaps(steps)).median;
  for (const ms of gaps(steps)) note('undisturbed step, two workers', 'ms', ms);
  for (const { copyMs, waitMs } of taken) {
    note('checkpoint stall', 'ms', copyMs + waitMs);
    note('checkpoint stall, share of a step (bar: 1)', '%', (100 * (copyMs + waitMs)) / stepMs);
  }
  return stepMs;
}

/** kill -9 of one of two workers in the middle of a step. */
async function workerLost(fleet, training, stepMs, note) {
  await stepsOf(fleet, training, fleet.steps().length + 1);
  await new Promise((resolve) => setTimeout(resolve, stepMs / 2));
  const [one, other] = fleet.workers;
  const { computeMs, microBatches } = tasksOf(one).at(-1);
  const begun = fleet.steps().at(-1);
  const killedMs = fleet.killWorker(other);
  const { log, child } = fleet.coordinator;
  const left = await until(
    () => log.find(({ msg, time }) => msg === 'worker left' && time >= killedMs),
    child,
  );
  const after = await until(() => fleet.steps().find(({ time }) => time > killedMs), child, training.child);
  note('one micro-batch', 'ms', computeMs / microBatches);
  note('worker killed: to detection', 'ms', left.time - killedMs);
  note('worker killed: to next finished step', 'ms', after.time - killedMs);
  note('worker killed: step longer than an undisturbed one by', 'ms', after.time - begun.time - stepMs);
}

/** kill -9 of the coordinator with two workers at work, and again from the same folder. */
async function coordinatorLost(fleet, training, note) {
  await fleet.addWorker();
  await stepsOf(fleet, training, fleet.steps().length + 10);
  const startedMs = await fleet.restartCoordinator();
  const [step] = await stepsOf(fleet, training, 1);
  const at = (text) => fleet.coordinator.log.find(({ msg }) => msg === text).time - startedMs;
  note('coordinator restarted: to listening, runs restored', 'ms', at('listening'));
  note('coordinator restarted: to first worker back', 'ms', at('worker joined'));
  note('coordinator restarted: to next finished step (bar: 3000)', 'ms', step.time - startedMs);
}

export async function run(context) {
  const scan = await scanFile(context, context.short ? 8 : 32);
  const samples = new Map();
  const note = (what, unit, value) => {
    if (!samples.has(what)) samples.set(what, { unit, values: [] });
    samples.get(what).values.push(value);
  };
  for (let repeat = 0; repeat < (context.short ? 1 : 3); repeat++) {
    const { fleet, training } = await coldStart(context, scan, note);
    try {
      training.done.catch(() => undefined);
      await join(fleet, training, note);
      // The first steps of the second worker load kernels and compare its graph with operations.
      await stepsOf(fleet, training, fleet.steps().length + 10);
      const stepMs = await checkpoints(fleet, training, context.short ? 6 : 10, note);
      await workerLost(fleet, training, stepMs, note);
      await coordinatorLost(fleet, training, note);
    } finally {
      training.child.kill('SIGKILL');
      await fleet.stop();
    }
  }
  return [...samples].map(([what, { unit, values }]) => valueRow(what, unit, values));
}
