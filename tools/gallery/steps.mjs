import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runCommand } from '../setup/commands.mjs';
import { readJson, writeJson } from '../setup/places.mjs';
import { SetupProblem } from '../setup/problem.mjs';

/**
 * The commands of one scan, in order; paths are relative to the clone's root, so that a reader can repeat them.
 *
 * @param {import('./scans.mjs').GalleryScan} scan
 * @param {{out: string, data: string, changed: Readonly<Record<string, number>>}} where `changed` replaces flags of `train`
 * @returns {{name: string, args: string[], result: string}[]} `result` is there when the step is done
 */
export function stepsOf(scan, { out, data, changed }) {
  const folder = path.posix.join(out, scan.name);
  const file = path.posix.join(data, scan.file);
  const flags = (values) => Object.entries(values).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  const rec = `${folder}/rec`;
  return [
    {
      name: 'train',
      args: [
        'train',
        '--train_data_file',
        file,
        '--output_dir',
        folder,
        ...flags({ ...scan.train, ...changed }),
      ],
      result: `${folder}/wts.h5.zip`,
    },
    {
      name: 'infer',
      args: ['infer', '--model_path', folder, '--test_data', file, '--output_dir', rec, ...flags(scan.infer)],
      result: `${rec}/reconstruction.npz`,
    },
    {
      name: 'evaluate',
      args: [
        ...['evaluate', '--reconstruction', `${rec}/reconstruction.npz`],
        ...['--reference', file, '--output_dir', `${folder}/scores`],
      ],
      result: `${folder}/scores/metrics.json`,
    },
  ];
}

/** Where it is written which steps are done, with which arguments, how long they took and where. */
export const recordFile = (out, scan) => path.posix.join(out, scan.name, 'steps.json');

/** How many of the first steps need not be repeated: done with the same arguments, their results still there. */
export function stepsDone(steps, record, exists) {
  const at = steps.findIndex(({ name, args, result }) => {
    const done = record?.[name];
    return done === undefined || JSON.stringify(done.args) !== JSON.stringify(args) || !exists(result);
  });
  return at === -1 ? steps.length : at;
}

/** Runs what is not done yet, and notes each step when it has ended. */
export async function runSteps(context, scan, steps, out) {
  const file = path.join(context.root, recordFile(out, scan));
  const record = readJson(file) ?? {};
  const first = stepsDone(steps, record, (result) => fs.existsSync(path.join(context.root, result)));
  for (const { name } of steps.slice(0, first)) console.log(`${scan.name}: ${name} is done`);
  for (const { name } of steps.slice(first)) delete record[name];
  for (const { name, args } of steps.slice(first)) {
    console.log(`${scan.name}: ptychofleet ${args.join(' ')}`);
    const startedMs = performance.now();
    const cli = path.join(context.root, 'apps/cli/bin/ptychofleet.js');
    const options = { cwd: context.root, env: context.env, show: true };
    const { code } = await runCommand(context.node, [cli, ...args], options);
    if (code !== 0)
      throw new SetupProblem(
        `${scan.name}: ${name} ended with code ${code}.`,
        'Its own message says why; the same command goes on from here.',
      );
    record[name] = { args, seconds: (performance.now() - startedMs) / 1000, machine: machineOf() };
    writeJson(file, record);
  }
}

/** What timings depend on, in words. */
function machineOf() {
  const [cpu] = os.cpus();
  const memoryGiB = Math.round(os.totalmem() / 2 ** 30);
  return `${cpu?.model.trim() ?? os.arch()}, ${os.cpus().length} cores, ${memoryGiB} GiB, Node ${process.versions.node}`;
}
