// `npm run example:torch`: trains two small runs, then lets plain PyTorch repeat what their networks compute
// (examples/python/compare_with_torch.py). Not part of `npm test`, since PyTorch is a download of gigabytes.
import path from 'node:path';
import { runCommand } from '../setup/commands.mjs';
import { createContext, makeFolder, readFolder } from '../setup/places.mjs';
import { providePython } from '../setup/python-environment.mjs';
import { SetupProblem } from '../setup/problem.mjs';

const context = createContext();
const examples = path.join(context.root, 'examples/python');
const cli = path.join(context.root, 'apps/cli/bin/ptychofleet.js');
const predict = path.join(context.root, 'tools/torch/predict-patches.mjs');
const compare = path.join(examples, 'compare_with_torch.py');

async function run(program, ...args) {
  console.log(
    `$ ${[path.basename(program), ...args].map((word) => path.relative('', word) || word).join(' ')}`,
  );
  const { code } = await runCommand(program, args, { env: context.env, show: true });
  if (code !== 0)
    throw new SetupProblem(`The step above ended with code ${code}.`, 'Its own message says why.');
}

async function main() {
  const requirements = path.join(examples, 'requirements-torch.txt');
  const python = await providePython(context, 'torch-example', requirements, { size: 'about 5 GB' });
  const out = path.join(context.root, 'out/torch');
  const scan = path.join(out, 'scan.npz');
  makeFolder(out);
  await run(context.node, cli, 'simulate', scan, '--count', '128', '--quiet');
  // Alone and in groups of four: one epoch, so that no weight is where it started.
  for (const gridsize of ['1', '2']) {
    const folder = path.join(out, `gridsize${gridsize}`);
    const file = (name) => path.join(folder, name);
    const training = ['--gridsize', gridsize, '--max_epochs', '1', '--workers', '1', '--quiet'];
    await run(context.node, cli, 'train', '--train_data_file', scan, '--output_dir', folder, ...training);
    const bundle = file('wts.h5.zip');
    await run(context.node, cli, 'bundle', 'export', bundle, file('weights.npz'));
    await run(context.node, predict, bundle, scan, file('patches.npz'));
    const exported = ['--exported', file('weights.npz')];
    await run(python, compare, 'bundle', bundle, scan, file('patches.npz'), ...exported);
  }
  const golden = path.join(context.root, '../shared/golden');
  const vectors = readFolder(golden).filter(({ name }) => /^cnn_gs.*\.npz$/.test(name));
  if (vectors.length > 0)
    await run(python, compare, 'golden', ...vectors.map(({ name }) => path.join(golden, name)));
}

await main().catch((error) => {
  if (!(error instanceof SetupProblem)) throw error;
  process.stderr.write(`${error.message} ${error.remedy}\n`);
  process.exitCode = 2;
});
