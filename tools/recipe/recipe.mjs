// `npm run recipe`: trains the default recipe with several seeds on the simulated quality set, tells when each leaves the
// flat object, and scores the finished ones beside the reference's longest run. Finished seeds are kept in out/recipe.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { createContext, makeFolder, readJson, writeJson } from '../setup/places.mjs';
import { SetupProblem } from '../setup/problem.mjs';
import { recipeTable, spreadTable } from './tables.mjs';

const usage = `npm run recipe -- [options]

  --seeds A-B        seeds to train (default 1-10)
  --width F          width multiplier of the network (default 2)
  --epochs E         epochs of 512 patterns that the schedule is made for (default 10, a quarter of the reference's)
  --stop-after K     leave each run after K epochs and score nothing: enough to see the plateau
  --data DIR         folder with train.npz and test_*_object.npz (default ../shared/golden/sim)
  --flags "..."      further flags of train, for example --flags "--profile upstream"
  --help`;

const context = createContext();
const cli = path.join(context.root, 'apps/cli/bin/ptychofleet.js');
const sets = ['same', 'other'];

function chosen() {
  const text = (value) => ({ type: 'string', default: value });
  const options = {
    seeds: text('1-10'),
    width: text('2'),
    epochs: text('10'),
    data: text('../shared/golden/sim'),
    flags: text(''),
    'stop-after': { type: 'string' },
    help: { type: 'boolean', default: false },
  };
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new SetupProblem(`${error.message.split('. ')[0]}.`, 'See npm run recipe -- --help.');
  }
}

function wholeNumber(name, value) {
  if (!/^[1-9]\d{0,5}$/.test(value))
    throw new SetupProblem(`--${name}: received ${value}, expected a whole number.`, 'See --help.');
  return Number(value);
}

function seedsOf(text) {
  const [first, last = first] = text.split('-').map((part) => wholeNumber('seeds', part));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
}

/** The losses of the epochs; with `stopAfter` the run is interrupted once it has so many. */
async function train(args, stopAfter) {
  const child = spawn(context.node, [cli, 'train', ...args, '--json'], {
    cwd: context.root,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const losses = [];
  let lastLine = '';
  for await (const line of createInterface({ input: child.stderr })) {
    lastLine = line;
    if (!line.startsWith('{"type":"epoch"')) continue;
    losses.push(JSON.parse(line).trainLoss);
    if (losses.length === stopAfter) child.kill('SIGINT');
  }
  if (losses.length === 0) throw new SetupProblem(`train: ${lastLine}`, 'Its own message says why.');
  return losses;
}

async function command(...args) {
  const child = spawn(context.node, [cli, ...args], { cwd: context.root, stdio: 'inherit' });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new SetupProblem(`${args[0]} ended with code ${code}.`, 'Its own message says why.');
}

async function score(run, data) {
  const scores = {};
  for (const set of sets) {
    const [scan, rec] = [path.join(data, `test_${set}_object.npz`), path.join(run, set)];
    await command('infer', '--model_path', run, '--test_data', scan, '--output_dir', rec, '--quiet');
    const reconstruction = path.join(rec, 'reconstruction.npz');
    await command(
      'evaluate',
      ...['--reconstruction', reconstruction],
      ...['--reference', scan],
      ...['--output_dir', rec],
    );
    scores[set] = readJson(path.join(rec, 'metrics.json')).reconstructions[0];
  }
  return scores;
}

async function main() {
  const options = chosen();
  if (options.help) {
    console.log(usage);
    return;
  }
  const data = path.resolve(context.root, options.data);
  for (const name of ['train', ...sets.map((set) => `test_${set}_object`)])
    if (!fs.existsSync(path.join(data, `${name}.npz`)))
      throw new SetupProblem(
        `--data: ${data} does not hold ${name}.npz.`,
        'Name the folder of the quality set.',
      );
  const [width, epochs] = [wholeNumber('width', options.width), wholeNumber('epochs', options.epochs)];
  const stopAfter =
    options['stop-after'] === undefined ? undefined : wholeNumber('stop-after', options['stop-after']);
  const results = [];
  for (const seed of seedsOf(options.seeds)) {
    const name = [
      `width-${width}`,
      `epochs-${epochs}`,
      `seed-${seed}`,
      options.flags.replace(/[^\w.]+/g, '-'),
    ].filter(Boolean);
    const run = path.join(context.root, 'out/recipe', name.join('-'));
    const file = `${run}${stopAfter === undefined ? '' : `-first-${stopAfter}`}.json`;
    let result = readJson(file);
    if (result === null) {
      makeFolder(path.dirname(run));
      const args = [
        '--train_data_file',
        path.join(data, 'train.npz'),
        '--output_dir',
        run,
        '--gridsize',
        '1',
      ];
      const sizes = { n_images: 512, nphotons: 1e6, 'n-filters-scale': width, max_epochs: epochs, seed };
      for (const [flag, value] of Object.entries(sizes)) args.push(`--${flag}`, String(value));
      const losses = await train([...args, ...options.flags.split(/\s+/).filter(Boolean)], stopAfter);
      result = { seed, losses, scores: stopAfter === undefined ? await score(run, data) : null };
      writeJson(file, result);
    }
    console.log(
      `seed ${seed}: ${result.losses.map((loss) => Math.round(loss / 1000)).join(' ')} (thousands)`,
    );
    results.push(result);
  }
  console.log(`\n${spreadTable(results)}\n`);
  if (stopAfter === undefined) console.log(`${recipeTable(results, sets)}\n`);
}

await main().catch((error) => {
  if (!(error instanceof SetupProblem)) throw error;
  process.stderr.write(`${error.message} ${error.remedy}\n`);
  process.exitCode = 2;
});
