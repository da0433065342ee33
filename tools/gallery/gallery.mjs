// `npm run gallery`: trains on each measured scan, reconstructs and scores it, and writes docs/gallery.md with pictures.
// What is done stays done: stop it whenever you like and run it again.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import prettier from 'prettier';
import { stopChildren } from '../setup/commands.mjs';
import { createContext, makeFolder, readJson } from '../setup/places.mjs';
import { SetupProblem } from '../setup/problem.mjs';
import { galleryPage } from './page.mjs';
import { quick, scans } from './scans.mjs';
import { recordFile, runSteps, stepsDone, stepsOf } from './steps.mjs';

const usage = `npm run gallery -- [options]

  --only NAME   one scan alone: ${scans.map(({ name }) => name).join(', ')}
  --data DIR    folder with the scans (default: ../shared/data)
  --page        write the page from what has been run, without running anything
  --quick       a minute per scan, into out/gallery-quick, to see that every step works; its figures mean nothing
  --help`;

/** Pictures of a page that is read over a network. */
const pictureLimits = { maxWidth: 900, maxBytes: 150_000 };

const context = createContext();
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, async () => {
    await stopChildren();
    process.exit(130);
  });

function chosenOptions() {
  const options = {
    only: { type: 'string' },
    data: { type: 'string', default: '../shared/data' },
    page: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  };
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new SetupProblem(`${error.message.split('. ')[0]}.`, 'See npm run gallery -- --help.');
  }
}

/** The scans to run: those that were asked for and are there. */
function scansToRun({ only, data, page }) {
  const wanted = only === undefined ? scans : scans.filter(({ name }) => name === only);
  const names = scans.map(({ name }) => name).join(', ');
  if (wanted.length === 0)
    throw new SetupProblem(`--only: received ${only}, expected one of ${names}.`, 'Name one of them.');
  if (page) return [];
  const present = wanted.filter(({ file }) => fs.existsSync(path.resolve(context.root, data, file)));
  if (present.length === 0)
    throw new SetupProblem(
      `--data: ${data} holds none of ${wanted.map(({ file }) => file).join(', ')}.`,
      'Name the folder with the scans.',
    );
  for (const { name, file } of wanted)
    if (!present.some((scan) => scan.name === name))
      console.log(`${name}: left out, ${data} does not hold ${file}`);
  return present;
}

/** Page and pictures of all scans that have been run with the settings of today. */
async function writePage(stepsFor, out, folder, images, command) {
  const { thumbnailPng } = await import('@ptychofleet/imaging');
  const inRoot = (file) => path.join(context.root, file);
  const shown = scans.map((scan) => {
    const steps = stepsFor(scan);
    const record = readJson(inRoot(recordFile(out, scan)));
    const finished = stepsDone(steps, record, (result) => fs.existsSync(inRoot(result))) === steps.length;
    const metrics = finished
      ? readJson(inRoot(path.posix.join(out, scan.name, 'scores/metrics.json')))
      : null;
    return { scan, steps, record: finished ? record : null, metrics };
  });
  makeFolder(inRoot(path.posix.join(folder, images)));
  for (const { scan, metrics } of shown) {
    if (metrics === null) continue;
    const picture = fs.readFileSync(inRoot(path.posix.join(out, scan.name, 'scores/comparison.png')));
    const file = path.posix.join(folder, images, `${scan.name}.png`);
    fs.writeFileSync(inRoot(file), thumbnailPng(picture, pictureLimits));
    console.log(`wrote ${file}`);
  }
  const page = path.posix.join(folder, 'gallery.md');
  const style = await prettier.resolveConfig(inRoot(page));
  const text = await prettier.format(galleryPage(shown, { images, command }), {
    ...style,
    parser: 'markdown',
  });
  fs.writeFileSync(inRoot(page), text);
  console.log(`wrote ${page}`);
}

async function main() {
  const options = chosenOptions();
  if (options.help) {
    console.log(usage);
    return;
  }
  const out = options.quick ? 'out/gallery-quick' : 'out/gallery';
  const changed = options.quick ? quick : {};
  const stepsFor = (scan) => stepsOf(scan, { out, data: options.data, changed });
  for (const scan of scansToRun(options)) await runSteps(context, scan, stepsFor(scan), out);
  const [folder, images] = options.quick ? [out, 'images'] : ['docs', 'images/gallery'];
  const command = `npm run gallery${options.quick ? ' -- --quick' : ''}`;
  await writePage(stepsFor, out, folder, images, command);
}

await main().catch((error) => {
  if (!(error instanceof SetupProblem)) throw error;
  process.stderr.write(`${error.message} ${error.remedy}\n`);
  process.exitCode = 2;
});
