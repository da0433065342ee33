import { parseArgs } from 'node:util';
import { SetupProblem } from '../tools/setup/problem.mjs';

/** What each bench compares, in the order in which they run. */
export const benches = {
  step: 'gradient and prediction of a micro-batch beside plain PyTorch',
  reduce: 'reduction tree and Adam beside copying as many bytes',
  wire: 'a slab in messages of 1 MiB beside plain grpc-js and a raw socket, with 0 and 5 ms delay',
  scale: 'one and two workers beside DistributedDataParallel over gloo',
  sync: 'share of a step in which workers do not compute: 1, 2, 8 workers; 0, 1, 5 ms delay',
  start: 'start, join, checkpoint stall, recovery from a killed worker and a killed coordinator',
  growth: 'what the fleet machine takes to decide, with 64 to 4096 workers',
  ceiling: 'the coordinator alone with 1 to 64 synthetic workers',
};

export const usage = `npm run bench -- [--only NAMES] [--short] [--no-record] [--profile FOLDER]

Compares two things in one run, prints medians, quartiles and ratios, and appends them to docs/benchmarks.md.
  --only NAMES      some of the benches, separated by commas (default: all)
  --short           fewer repeats and smaller cases, to see that it works
  --no-record       leave docs/benchmarks.md as it is
  --profile FOLDER  write CPU profiles of the coordinators there, for Chrome's developer tools
  --help            print this

Benches:
${Object.entries(benches)
  .map(([name, what]) => `  ${name.padEnd(9)} ${what}`)
  .join('\n')}

step and scale need PyTorch; it is fetched once (about 5 GB).

Examples:
  npm run bench
  npm run bench -- --only start,ceiling,sync
  npm run bench -- --only wire --short --no-record`;

const options = {
  only: { type: 'string' },
  short: { type: 'boolean', default: false },
  'no-record': { type: 'boolean', default: false },
  profile: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
};
const help = 'See npm run bench -- --help.';

/** @throws SetupProblem for a flag or a bench that does not exist */
export function benchArguments(args) {
  const { only, short, help: wanted, profile, 'no-record': unrecorded } = parsed(args);
  const names = only === undefined ? Object.keys(benches) : only.split(',');
  const unknown = names.filter((name) => !Object.hasOwn(benches, name));
  if (unknown.length > 0) {
    const choice = Object.keys(benches).join(', ');
    throw new SetupProblem(`--only: received ${unknown.join() || 'nothing'}, expected ${choice}.`, help);
  }
  return { help: wanted, only: names, short, record: !unrecorded, profile: profile ?? null };
}

function parsed(args) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    // Only the first sentence is about the flag.
    throw new SetupProblem(`${error.message.split('. ')[0].replace(/\.$/, '')}.`, help);
  }
}
